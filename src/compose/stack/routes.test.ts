import assert from 'node:assert/strict';
import test from 'node:test';
import { errorsOf, serviceOf, stackOf } from '../testing/memory.ts';

const file = (route: string): string => `name: shop
services:
  web:
    image: i
    x-tutti: {route: ${route}}
secrets: {cert: {environment: CERT}}
networks: {front: {}}
`;
const labelsOf = async (route: string): Promise<Record<string, string>> => {
  const { stack } = await stackOf(file(route), { environment: { CERT: 'pem' } });
  const labels = Object.entries(serviceOf(stack, 'web').labels ?? {});
  return Object.fromEntries(labels.filter(([name]) => name.startsWith('tutti.')));
};

test('a route becomes labels, with the names that things have in the cluster', async () => {
  assert.deepEqual(
    await labelsOf('{host: [a.example, b.example], port: 80, sticky: true, tls: cert, network: front}'),
    {
      'tutti.route.host': 'a.example,b.example',
      'tutti.route.port': '80',
      'tutti.route.sticky': 'true',
      'tutti.route.tls': 'shop_cert',
      'tutti.route.network': 'shop_front',
    },
  );
  assert.deepEqual(await labelsOf('[{port: 80, header: {x-version: beta}, tls: elsewhere}, {port: 81, path: /b}]'), {
    'tutti.route.1.port': '80',
    'tutti.route.1.header.x-version': 'beta',
    'tutti.route.1.tls': 'elsewhere',
    'tutti.route.2.port': '81',
    'tutti.route.2.path': '/b',
  });
});

test('what is wrong with a route is said at its line', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{host: "a b", port: 80}', /compose\.yaml:5:\d+: services\.web\.x-tutti\.route\.host: a host is a name/],
    ['{host: a.example}', /route\.port: .*missing/],
    ['{port: 80, colour: red}', /route\.colour: unknown key; allowed are host, path/],
    ['shop.example', /must be a mapping/],
  ];
  for (const [route, message] of wrong)
    assert.match((await errorsOf(file(route), { environment: { CERT: 'p' } })).join('\n'), message);
  assert.match(
    (await errorsOf('services: {a: {image: i, x-tutti: {rout: 1}}}')).join('\n'),
    /x-tutti\.rout: unknown key/,
  );
});
