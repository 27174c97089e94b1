import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AssignedEndpoint } from '../../model/assignment.ts';
import type { NetworkId, NodeId, ServiceId, TaskId } from '../../model/ids.ts';
import type { AssignedRoute, RouteMatch, RouteSpec } from '../../model/route.ts';
import { routeName } from '../../model/route.ts';
import { backendName, keyOf, proxyBackends } from './backends.ts';
import type { ProxyBackend } from './backends.ts';
import { groupRoutes } from './groups.ts';
import { mergeRoutes } from './merge.ts';
import { readServersState } from './read-state.ts';
import { haveSameSlots, slotCommands, slotsFor } from './slots.ts';
import type { Slots } from './slots.ts';
import { taskWeights } from './weights.ts';

const matchOf = (host: string, path = '/', more: Partial<RouteMatch> = {}): RouteMatch => ({ host, path, ...more });
const specOf = (match: RouteMatch, service: string, weight?: number): RouteSpec => ({
  match,
  action: { kind: 'services', targets: [{ service, port: 80, ...(weight === undefined ? {} : { weight }) }] },
});
const source = (owner: string, since: number, spec: RouteSpec, own = false) => ({ owner, own, since, spec });

test('who asks first has a route; weights on all sides share it; one made by itself counts more', () => {
  const match = matchOf('shop.example');
  const shown = (sources: Parameters<typeof mergeRoutes>[0]) =>
    mergeRoutes(sources).map(({ owners, refused }) => ({ owners, refused }));
  assert.deepEqual(shown([source('b', 2, specOf(match, 'b')), source('a', 1, specOf(match, 'a'))]), [
    { owners: ['a'], refused: ['b'] },
  ]);
  assert.deepEqual(shown([source('a', 1, specOf(match, 'a', 90)), source('b', 2, specOf(match, 'b', 10))]), [
    { owners: ['a', 'b'], refused: [] },
  ]);
  assert.deepEqual(shown([source('a', 1, specOf(match, 'a', 90)), source('b', 2, specOf(match, 'b', 10), true)]), [
    { owners: ['b'], refused: ['a'] },
  ]);
  assert.deepEqual(
    shown([source('a', 1, specOf(match, 'a')), source('b', 2, specOf(matchOf('shop.example', '/b'), 'b'))]).length,
    2,
  );
});

test('weights are shared by the tasks of each part, whatever their number', () => {
  assert.deepEqual(taskWeights([{ tasks: 3 }]), [100]);
  assert.deepEqual(
    taskWeights([
      { weight: 90, tasks: 9 },
      { weight: 10, tasks: 1 },
    ]),
    [100, 100],
  );
  assert.deepEqual(
    taskWeights([
      { weight: 50, tasks: 4 },
      { weight: 50, tasks: 1 },
    ]),
    [64, 256],
  );
  assert.deepEqual(
    taskWeights([
      { weight: 100, tasks: 2 },
      { weight: 0, tasks: 2 },
    ]),
    [100, 0],
  );
  assert.deepEqual(
    taskWeights([
      { weight: 99, tasks: 0 },
      { weight: 1, tasks: 2 },
    ]),
    [0, 100],
  );
});

/** What the proxy does: a look-up of host and longest prefix, then the routes of what was found in order. */
const lookUp = (
  routes: readonly { readonly id: string; readonly match: RouteMatch }[],
  host: string,
  path: string,
  method: string,
) => {
  const groups = groupRoutes(routes);
  for (const at of [host, host.replace(/^[^.]+/, '*'), '*']) {
    const found = groups
      .filter((group) => group.host === at && `${path}/`.startsWith(group.path === '/' ? '/' : `${group.path}/`))
      .toSorted((left, right) => right.path.length - left.path.length)[0];
    if (found !== undefined) return found.routes.find(({ match }) => match.methods?.includes(method) ?? true)?.id;
  }
  return undefined;
};

test('a request belongs to the nearest host, the longest prefix in whole segments, and the conditions that it meets', () => {
  const routes = [
    matchOf('shop.example'),
    matchOf('shop.example', '/api'),
    matchOf('shop.example', '/api', { methods: ['POST'] }),
    matchOf('*.example', '/only', { methods: ['PUT'] }),
    matchOf('*.example'),
    matchOf('*'),
  ].map((match) => ({ id: routeName(match), match }));
  const asked: readonly (readonly [string, string, string, string])[] = [
    ['shop.example', '/', 'GET', 'shop.example/'],
    ['shop.example', '/apis', 'GET', 'shop.example/'],
    ['shop.example', '/api', 'GET', 'shop.example/api'],
    ['shop.example', '/api/x', 'POST', 'shop.example/api POST'],
    ['other.example', '/only/x', 'PUT', '*.example/only PUT'],
    ['other.example', '/only/x', 'GET', '*.example/'],
    ['a.b.example', '/', 'GET', '*/'],
  ];
  for (const [host, path, method, name] of asked)
    assert.equal(lookUp(routes, host, path, method), name, `${host}${path}`);
});

test('no route comes after one without conditions, and a group begins with its own', () => {
  const segment = fc.constantFrom('/a', '/b');
  const match = fc.record({
    host: fc.constantFrom('x.y', 'z.y', '*.y', '*'),
    path: fc.array(segment, { maxLength: 3 }).map((parts) => parts.join('') || '/'),
    methods: fc.option(fc.constant(['GET']), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(match, { maxLength: 20 }), (matches) => {
      const unique = new Map(matches.map((one) => [routeName(one), { id: routeName(one), match: one as RouteMatch }]));
      for (const { host, path, routes } of groupRoutes([...unique.values()])) {
        assert.ok(routes.slice(0, -1).every((route) => route.match.methods !== undefined));
        assert.deepEqual([routes[0]?.match.host, routes[0]?.match.path], [host, path]);
      }
    }),
  );
});

const endpoint = (task: string, address: string, more: Partial<AssignedEndpoint> = {}): AssignedEndpoint => ({
  kind: 'endpoint',
  id: `n1/${task}`,
  networkId: 'n1' as NetworkId,
  taskId: task as TaskId,
  nodeId: 'node1' as NodeId,
  serviceId: 'web' as ServiceId,
  address,
  names: [],
  taskNames: [],
  ready: true,
  ...more,
});
const route = (...networkIds: string[]): AssignedRoute => ({
  kind: 'route',
  id: 'shop.example/',
  match: matchOf('shop.example'),
  options: {},
  action: {
    kind: 'services',
    targets: [{ serviceId: 'web' as ServiceId, serviceName: 'web', networkIds: networkIds as NetworkId[], port: 8080 }],
  },
});

test('a route leads to its ready tasks, each by the best network that it is on', () => {
  const endpoints = [
    endpoint('t1', '10.0.0.1'),
    endpoint('t1', '10.1.0.1', { networkId: 'n2' as NetworkId }),
    endpoint('t2', '10.1.0.2', { networkId: 'n2' as NetworkId }),
    endpoint('t3', '10.0.0.3', { ready: false }),
    endpoint('t4', '10.0.0.4', { serviceId: 'other' as ServiceId }),
  ];
  const [backend] = proxyBackends([route('n1', 'n2')], endpoints);
  assert.deepEqual(backend?.servers.map(keyOf), ['10.0.0.1:8080', '10.1.0.2:8080']);
});

test('names of backends are told apart, also where only what is replaced differs', () => {
  assert.notEqual(backendName('a/b'), backendName('a_b'));
  assert.match(backendName('shop.example/ü x'), /^[A-Za-z0-9._:-]+$/);
});

const backend = (servers: readonly string[]): ProxyBackend => ({
  name: 'b',
  route: route('n1'),
  servers: servers.map((address) => ({ address, port: 80, weight: 100 })),
});

test('a server keeps its slot, a new one takes a free one, and what is given up is told last', () => {
  const first = slotsFor([backend(['10.0.0.1', '10.0.0.2'])], new Map());
  assert.equal(first.get('b')?.length, 8);
  const second = slotsFor([backend(['10.0.0.2', '10.0.0.3'])], first);
  assert.deepEqual(slotCommands(first, second), [
    'set server b/s3 addr 10.0.0.3 port 80',
    'set server b/s3 weight 100',
    'set server b/s3 state ready',
    'set server b/s1 state maint',
  ]);
  const third = slotsFor([backend(['10.0.0.1', '10.0.0.2', '10.0.0.3'])], second);
  assert.deepEqual(slotCommands(second, third), ['set server b/s1 state ready']);
  assert.ok(
    (slotsFor([backend(Array.from({ length: 20 }, (_, at) => `10.0.1.${at}`))], third).get('b')?.length ?? 0) >= 25,
  );
});

test('whatever the servers were, the commands lead to those that are wanted', () => {
  const servers = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(servers, { minLength: 1, maxLength: 8 }), (steps) => {
      let found: Slots = new Map();
      for (const step of steps) {
        const addresses = step.map((last) => `10.0.0.${last}`);
        const wanted = slotsFor([backend(addresses)], found);
        const ready = wanted.get('b')?.filter((slot) => slot.ready) ?? [];
        assert.deepEqual(ready.map(({ address }) => address).toSorted(), addresses.toSorted());
        assert.ok(haveSameSlots(wanted, wanted));
        found = wanted;
      }
    }),
  );
});

test("a proxy's state is read by the names of its columns", () => {
  const text = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 b 1 s1 127.0.0.1 2 0 5 10 6 1 0 2 0 0 0 0 - 19001 - 0 0 - - 0
3 b 3 s3 127.0.0.1 0 5 10 1 1 1 0 0 8 0 0 0 - 19003 - 0 0 - - 0

`;
  assert.deepEqual(readServersState(text).get('b'), [
    { name: 's1', address: '127.0.0.1', port: 19001, weight: 5, ready: true },
    { name: 's3', address: '127.0.0.1', port: 19003, weight: 10, ready: false },
  ]);
});
