import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthority } from '../ca/authority.ts';
import { TestCluster } from '../testing/cluster.ts';
import { AssignmentTable } from './table.ts';
import { trackAssignments } from './track.ts';

const routed = (networkId: string) => ({
  labels: { 'tutti.route.host': 'shop.example', 'tutti.route.port': '80' },
  mode: { kind: 'replicated' as const, replicas: 1 },
  task: { containers: [{ name: 'main', image: 'app:1' }], networks: [{ networkId: networkId as never }] },
});

const keysOf = (set: ReadonlyMap<string, unknown>, kind: string): readonly string[] =>
  [...set.keys()].filter((key) => key.startsWith(`${kind}:`));

test('every node is told of a route and of its tasks, and of nothing more when it is gone', async () => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  const { commands, queries } = cluster.manager;
  const { id } = await commands.createNetwork({ name: 'net', driver: 'overlay' });
  using assignments = trackAssignments(cluster.store);
  const before = new Map(['node1', 'node2', 'node3'].map((node) => [node, new Map(assignments.full(node))]));
  assignments.changes();
  const apply = (): void => {
    for (const [node, { put, remove }] of assignments.changes()) {
      for (const key of remove) before.get(node)?.delete(key);
      for (const item of put) before.get(node)?.set(`${item.kind}:${item.id}`, item);
    }
  };
  await cluster.create('web', routed(queries.network(id).id));
  await cluster.settle();
  apply();
  for (const [node, set] of before) {
    assert.deepEqual(keysOf(set, 'route'), ['route:shop.example/']);
    assert.deepEqual(
      [keysOf(set, 'door').length, keysOf(set, 'endpoint').length, keysOf(set, 'network').length],
      [1, 1, 1],
    );
    assert.deepEqual(new Set(set.keys()), new Set(new AssignmentTable(cluster.store.view).full(node).keys()));
  }
  const { service } = queries.service('web');
  await commands.updateService(service.id, service.version, { ...service.spec, labels: {} });
  await cluster.settle();
  apply();
  const holders = [...before.values()].filter((set) => keysOf(set, 'network').length > 0);
  assert.equal(holders.length, 1, 'the node of the task keeps its network');
  for (const set of before.values()) assert.deepEqual([...keysOf(set, 'route'), ...keysOf(set, 'door')], []);
});

test('only the nodes that the cluster says have a door, and its certificate', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { commands, queries } = cluster.manager;
  const { id } = await commands.createNetwork({ name: 'net', driver: 'overlay' });
  const { certificate, key } = await createAuthority('shop.example', 0);
  const secret = await commands.createSecret({
    name: 'certificate',
    data: Buffer.from(certificate + key).toString('base64'),
  });
  const spec = routed(queries.network(id).id);
  await cluster.create('web', { ...spec, labels: { ...spec.labels, 'tutti.route.tls': 'certificate' } });
  using assignments = trackAssignments(cluster.store);
  const told = (node: string) => [
    assignments.full(node).has('door:door'),
    assignments.full(node).has(`secret:${secret.id}`),
  ];
  assert.deepEqual(
    [told('node1'), told('node2')],
    [
      [true, true],
      [true, true],
    ],
  );
  const { version, spec: settings } = queries.cluster();
  await commands.updateCluster(version, { ...settings, door: { constraints: ['node.id == node1'] } });
  assert.deepEqual(
    [told('node1'), told('node2')],
    [
      [true, true],
      [false, false],
    ],
  );
  await commands.updateCluster(queries.cluster().version, { ...settings, door: { enabled: false } });
  assert.deepEqual(
    [told('node1'), told('node2')],
    [
      [false, false],
      [false, false],
    ],
  );
});

test('a node that has only the door hears whether the tasks of its routes are ready', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { commands, queries } = cluster.manager;
  const { id } = await commands.createNetwork({ name: 'net', driver: 'overlay' });
  await cluster.create('web', routed(queries.network(id).id));
  await cluster.settle();
  using assignments = trackAssignments(cluster.store);
  const [only] = cluster.running('web');
  assert.ok(only);
  cluster.store.observe((soft) => soft.put('taskStatus', only.task.id, { ...only.status, ready: false }));
  const told = [...assignments.changes()].map(([node, { put }]) => [node, put.map(({ kind }) => kind)]);
  assert.deepEqual(Object.fromEntries(told), { node1: ['endpoint'], node2: ['endpoint'] });
});

test('what a node was told of routes as it came is taken back when it has no door any more', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const { id } = await commands.createNetwork({ name: 'net', driver: 'overlay' });
  using assignments = trackAssignments(cluster.store);
  await cluster.create('web', routed(queries.network(id).id));
  const set = assignments.full('node1');
  assert.deepEqual([keysOf(set, 'route').length, keysOf(set, 'door').length], [1, 1]);
  await commands.updateCluster(queries.cluster().version, { ...queries.cluster().spec, door: { enabled: false } });
  const gone = new Set(assignments.changes().get('node1')?.remove);
  for (const key of [...keysOf(set, 'route'), ...keysOf(set, 'door')]) assert.ok(gone.has(key), key);
});

test('a port of the door and a published one stand in each others way', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const { id } = await commands.createNetwork({ name: 'net', driver: 'overlay' });
  const spec = { name: 'web', ...routed(queries.network(id).id) };
  const port = { protocol: 'tcp' as const, target: 80, published: 443, mode: 'ingress' as const };
  const pub = { name: 'pub', mode: spec.mode, task: { containers: spec.task.containers }, endpoint: { ports: [port] } };
  await commands.createService(pub);
  await assert.rejects(commands.createService(spec), /port 443 of it is published by service pub/);
  await commands.removeService('pub');
  await commands.createService(spec);
  await assert.rejects(commands.createService(pub), /port 443\/tcp is the front door's/);
  const wrong = { ...spec, name: 'other', labels: { 'tutti.route.host': 'x y', 'tutti.route.port': '80' } };
  await assert.rejects(commands.createService(wrong), /service other: label tutti\.route\.host/);
});
