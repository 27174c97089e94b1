import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRouteLabels } from './route-labels.ts';
import { routeName } from './route.ts';

const read = (labels: Record<string, string>) =>
  readRouteLabels(
    'web',
    Object.fromEntries(Object.entries(labels).map(([name, text]) => [`tutti.route.${name}`, text])),
  );

test('labels say a route, or several with names; several hosts are several routes', () => {
  const { routes, problems } = read({
    host: 'Shop.example, *.shop.example',
    path: '/api/',
    port: '8080',
    'b.host': 'b.example',
    'b.port': '80',
    'b.method': 'get,head',
    'b.header.X-Version': 'beta',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    routes.map(({ match }) => routeName(match)),
    ['shop.example/api', '*.shop.example/api', 'b.example/ GET,HEAD x-version=beta'],
  );
});

test('everything that can be said is read', () => {
  const { routes, problems } = read({
    port: '80',
    weight: '10',
    network: 'front',
    sticky: 'true',
    rate: '100/10s',
    timeout: '90s',
    body: '10m',
    compress: 'true',
    strip: 'false',
    'proxy-protocol': 'v2',
    tls: 'shop-certificate',
    http: 'serve',
    maintenance: 'false',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(routes, [
    {
      match: { host: '*', path: '/' },
      action: { kind: 'services', targets: [{ service: 'web', port: 80, weight: 10, network: 'front' }] },
      options: {
        sticky: true,
        rate: { requests: 100, periodMs: 10_000 },
        timeoutMs: 90_000,
        bodyBytes: 10 * 1024 * 1024,
        compress: true,
        strip: false,
        proxyProtocol: 'v2',
        tls: 'shop-certificate',
        http: 'serve',
        maintenance: false,
      },
    },
  ]);
});

test('what cannot be is said with its label, all at once', () => {
  const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ host: 'a.example' }, /tutti\.route\.port: .*missing/],
    [{ port: '0' }, /tutti\.route\.port/],
    [{ port: '80', host: 'a b' }, /tutti\.route\.host: a host is a name/],
    [{ port: '80', host: 'a"b\nserver evil' }, /tutti\.route\.host/],
    [{ port: '80', path: 'x' }, /tutti\.route\.path: a path begins with/],
    [{ port: '80', path: '/x y' }, /tutti\.route\.path/],
    [{ port: '80', method: 'GET }' }, /tutti\.route\.method/],
    [{ port: '80', 'header.x': 'a\nb' }, /tutti\.route\.header/],
    [{ port: '80', 'header.x#y': 'a' }, /tutti\.route\.header: the name of a header is of letters/],
    [{ port: '80', 'header.x': '}' }, /tutti\.route\.header: .* more than a }/],
    [{ port: '80', 'header.__proto__': 'a' }, /tutti\.route\.header\.__proto__: .* cannot ask for a header/],
    [{ port: '80', path: '/%61' }, /tutti\.route\.path: .* encoded/],
    [{ port: '80', path: '/a/../b' }, /tutti\.route\.path: .* \/\.\.\//],
    [{ port: '80', rate: '1/25h' }, /tutti\.route\.rate: a rate is for a day at most/],
    [{ port: '80', timeout: '25h' }, /tutti\.route\.timeout: a day at most/],
    [{ port: '80', rate: 'fast' }, /tutti\.route\.rate: requests in a time/],
    [{ port: '80', 'proxy-protocol': 'v3' }, /proxy-protocol: v1 or v2/],
    [{ port: '80', colour: 'red' }, /tutti\.route\.colour/],
    [{ 'b.port': '80', 'b.colour': 'red' }, /tutti\.route\.b\.colour.*"colour" is none/],
  ];
  for (const [labels, message] of wrong) assert.match(read(labels).problems.join('; '), message);
});
