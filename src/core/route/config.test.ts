import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceId, NetworkId } from '../../model/ids.ts';
import { routeName } from '../../model/route.ts';
import type { AssignedRoute, RouteMatch } from '../../model/route.ts';
import { proxyBackends } from './backends.ts';
import { proxyConfig } from './config.ts';
import { slotsFor } from './slots.ts';

const routeOf = (match: RouteMatch, more: Partial<AssignedRoute> = {}): AssignedRoute => ({
  kind: 'route',
  id: routeName(match),
  match,
  action: {
    kind: 'services',
    targets: [{ serviceId: 's' as ServiceId, serviceName: 'web', networkIds: ['n' as NetworkId], port: 80 }],
  },
  options: {},
  ...more,
});

const configOf = (...routes: readonly AssignedRoute[]) => {
  const backends = proxyBackends(routes, []);
  const files = new Map<string, string>();
  const file = (name: string, text: string): string => {
    files.set(name, text);
    return `/${name}`;
  };
  const config = proxyConfig(
    {
      door: { kind: 'door', id: 'door', httpPort: 80, httpsPort: 443, cookieKey: 'key', acmeThumbprint: 'print' },
      ipv6: false,
      backends,
      certificates: [],
      paths: { control: '/control', metrics: '/metrics' },
      file,
    },
    slotsFor(backends, new Map()),
  );
  return { text: config.text('id'), structure: config.structure, files };
};

test('a request that names its host as the route does is looked up as it comes, and nothing is kept of it', () => {
  const { text, files } = configOf(routeOf({ host: 'shop.example', path: '/api' }));
  assert.match(
    text,
    /use_backend %\[base,concat\(\/\),map_beg\(\/exact\.map\)\] if !\{ var\(txn\.again\) -m found \}$/m,
  );
  assert.doesNotMatch(text, /\{ base,/);
  assert.doesNotMatch(text, /set-var\(txn\.route\)|retry-on|stick-table|log /);
  assert.equal(
    [...files].join(''),
    `exact.map,shop.example/api/ shop.example_api:${text.match(/api:(\w+)/)?.[1]}\nhosts.list,shop.example\n`,
  );
});

test('a host that has nothing for a path is looked for further where there are routes of many hosts', () => {
  const { text } = configOf(
    routeOf({ host: 'shop.example', path: '/api' }),
    routeOf({ host: 'shop.example', path: '/' }),
    routeOf({ host: '*', path: '/' }),
  );
  assert.match(
    text,
    /set-var\(txn\.again\) bool\(1\) if .* or !\{ base,concat\(\/\),map_beg\(\/exact\.map\) -m found \}$/m,
  );
});

test('conditions are tried in order, before what has none', () => {
  const { text, files } = configOf(
    routeOf({ host: 'shop.example', path: '/' }),
    routeOf({ host: 'shop.example', path: '/', methods: ['POST'], headers: { 'x-beta': '*' } }),
  );
  assert.match(files.get('exact.map') ?? '', /^shop\.example\/ \?shop\.example\/$/m);
  const lines = text.split('\n').filter((line) => line.includes('use_backend'));
  assert.match(lines[0] ?? '', /\{ method POST \} \{ req\.hdr\(x-beta\) -m found \}$/);
  assert.equal(lines.length, 3);
});

test('what a user wrote comes quoted', () => {
  const { text } = configOf(routeOf({ host: 'a.b', path: '/', headers: { x: `it's "} }\\ x` } }));
  assert.ok(text.includes(String.raw`{ req.hdr(x) -m str -- 'it'\''s "} }\ x' }`));
});

test('the structure is the same whatever tasks there are', () => {
  const route = routeOf({ host: 'a.b', path: '/' });
  assert.equal(configOf(route).structure, configOf(route).structure);
  assert.match(
    configOf(routeOf(route.match, { options: { retry: true } })).text,
    /retry-on conn-failure empty-response/,
  );
});

test('CONNECT is refused before anything is answered', () => {
  const route = routeOf({ host: 'a.b', path: '/' }, { options: { tls: 'acme' } });
  const rules =
    configOf(route)
      .text.split('frontend door')[1]
      ?.match(/http-request .*/g) ?? [];
  assert.equal(rules[0], 'http-request return status 501 if { method CONNECT }');
  assert.match(rules.join('\n'), /acme-challenge/);
});
