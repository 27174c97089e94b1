import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignment } from '../../model/assignment.ts';
import type { NodeId, SecretId } from '../../model/ids.ts';
import type { Node } from '../../model/node.ts';
import { aStatus, aTask } from '../../store/fixtures.ts';
import { TestCluster } from '../testing/cluster.ts';
import { AssignmentTable } from './table.ts';
import { trackAssignments } from './track.ts';

test('a network that a node does not need when it is told everything, and then again, is told of again', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const networkId = await networkOf(cluster, 'net');
  await cluster.create('job', {
    mode: { kind: 'replicated-job', maxConcurrent: 2, totalCompletions: 4 },
    task: { containers: [{ name: 'main', image: 'app:1' }], networks: [{ networkId }] },
  });
  await cluster.settle();
  const agent = cluster.agent('node1');
  for (const taskId of agent.running()) agent.end(taskId, 'complete');
  cluster.setNodeState('node1', 'ready');
  assert.ok(!agent.assignments.has(`network:${networkId}`));
  await cluster.settle();
  assert.ok(agent.assignments.has(`network:${networkId}`));
  assert.deepEqual(
    new Set(agent.assignments.keys()),
    new Set(new AssignmentTable(cluster.store.view).full('node1').keys()),
  );
});

/** A service with two tasks on one network, on a node each, with a secret; what else is to be told is told. */
/** Makes an overlay network; gives its id. */
const networkOf = async (cluster: TestCluster, name: string, more: { readonly ipv6?: boolean } = {}) => {
  const { commands, queries } = cluster.manager;
  return queries.network((await commands.createNetwork({ name, driver: 'overlay', ...more })).id).id;
};

const withTwoTasks = async (cluster: TestCluster) => {
  const networkId = await networkOf(cluster, 'net', { ipv6: true });
  const key = await cluster.manager.commands.createSecret({ name: 'key', data: 'YQ==' });
  const secret = { secretId: key.id as SecretId, secretName: 'key', target: 'key' };
  await cluster.create('web', {
    mode: { kind: 'replicated', replicas: 2 },
    task: { containers: [{ name: 'main', image: 'app:1', secrets: [secret] }], networks: [{ networkId }] },
  });
  await cluster.settle();
  const assignments = trackAssignments(cluster.store);
  for (const node of ['node1', 'node2']) assignments.full(node);
  assignments.changes();
  return assignments;
};

test('of a task whose traffic stops or goes on the nodes of its networks are told, and of nothing else', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  using assignments = await withTwoTasks(cluster);
  const [first] = cluster.running('web');
  assert.ok(first?.task.nodeId !== undefined);
  for (const ready of [false, true]) {
    cluster.store.observe((soft) => soft.put('taskStatus', first.task.id, { ...first.status, ready }));
    const changes = assignments.changes();
    assert.deepEqual([...changes.keys()].toSorted(), ['node1', 'node2']);
    for (const { put, remove } of changes.values()) {
      assert.deepEqual([put.map(({ kind }) => kind), remove], [['endpoint'], []]);
    }
  }
});

test('a node that has IPv6 from now on: what is on it has addresses of both families for all', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  using assignments = await withTwoTasks(cluster);
  const { node } = cluster.manager.queries.node('node1');
  await cluster.store.update((transaction) => {
    assert.ok(node.description !== undefined);
    transaction.update('node', { ...node, description: { ...node.description, ipv6: true } });
  });
  const told = assignments
    .changes()
    .get('node2')
    ?.put.find(({ kind }) => kind === 'endpoint');
  assert.ok(told?.kind === 'endpoint' && told.nodeId === 'node1');
  assert.match(told.address6 ?? '', /:/);
});

test('what is on a node that is refused its address serves others for want of anything else only, until that ends', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  using assignments = await withTwoTasks(cluster);
  const refuse = async (refused: Node['refused']) =>
    await cluster.store.update((transaction) => {
      const { refused: _, ...node } = cluster.manager.queries.node('node2').node;
      transaction.update('node', { ...node, ...(refused && { refused }) });
    });
  const told = (put: readonly Assignment[] = []) =>
    put.flatMap((item) => (item.kind === 'endpoint' ? [{ on: item.nodeId, ready: item.ready, lost: item.lost }] : []));
  await refuse({ address: 'node1' as NodeId });
  assert.deepEqual(told(assignments.changes().get('node1')?.put), [{ on: 'node2', ready: false, lost: true }]);
  assert.deepEqual(assignments.full('node1'), new AssignmentTable(cluster.store.view).full('node1'));
  await refuse({ publicKey: 'node1' as NodeId });
  assert.deepEqual(told(assignments.changes().get('node1')?.put), [{ on: 'node2', ready: true, lost: undefined }]);
  await refuse({ address: 'node1' as NodeId });
  assignments.changes();
  const [there] = cluster.running('web').filter(({ task }) => task.nodeId === 'node2');
  assert.ok(there !== undefined);
  await cluster.store.update((transaction) =>
    transaction.update('task', { ...there.task, desiredState: 'shutdown' as const }),
  );
  // Its stop waits until the others have been told of it.
  assert.deepEqual(told(assignments.changes().get('node1')?.put), [{ on: 'node2', ready: false, lost: undefined }]);
});

test('a node that is gone is told nothing more, also not what a network that it was on has', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  using assignments = await withTwoTasks(cluster);
  const [first] = cluster.running('web').filter(({ task }) => task.nodeId === 'node1');
  assert.ok(first !== undefined);
  await cluster.store.update((transaction) => transaction.delete('node', 'node2'));
  assignments.changes();
  cluster.store.observe((soft) => soft.put('taskStatus', first.task.id, { ...first.status, ready: false }));
  assert.deepEqual([...assignments.changes().keys()], ['node1']);
});

/** What each node is told of one kind, by what its agent has heard bit by bit. */
const toldOf = <Kind extends Assignment['kind']>(cluster: TestCluster, kind: Kind) =>
  [...cluster.agents.values()].map(({ assignments }) =>
    [...assignments.values()].filter((item): item is Extract<Assignment, { kind: Kind }> => item.kind === kind),
  );
const publishing = (...published: readonly number[]) => ({
  endpoint: {
    ports: published.map((port) => ({
      protocol: 'tcp' as const,
      mode: 'ingress' as const,
      target: 80,
      published: port,
    })),
  },
});

test('what is published is told to every node, with the network and the tasks that serve it, while it is', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const seen = () => ({
    ports: toldOf(cluster, 'publish').map((all) => all.map(({ published }) => published)),
    ingress: toldOf(cluster, 'network').map(({ length }) => length),
    endpoints: toldOf(cluster, 'endpoint').map(({ length }) => length),
    peers: toldOf(cluster, 'peer').map((all) => all.map(({ id }) => id)),
  });
  const peers = [['node2'], ['node1']];
  const nothing = { ports: [[], []], ingress: [0, 0], endpoints: [0, 0], peers };
  assert.deepEqual(seen(), nothing);
  await cluster.create('web', publishing(80, 81));
  await cluster.create('inner');
  await cluster.settle();
  assert.deepEqual(seen(), {
    ports: [
      [80, 81],
      [80, 81],
    ],
    ingress: [1, 1],
    endpoints: [1, 1],
    peers,
  });
  await cluster.change('web', (spec) => ({ ...spec, ...publishing(81, 82) }));
  await cluster.settle();
  assert.deepEqual(seen().ports, [
    [81, 82],
    [81, 82],
  ]);
  await cluster.manager.commands.removeService('web');
  await cluster.settle();
  assert.deepEqual(seen(), nothing);
});

test("a port that passes from one service to another in one commit is the new one's, and what is the same is not told", async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.create('old', publishing(80));
  await cluster.settle();
  using assignments = trackAssignments(cluster.store);
  assignments.full('node1');
  assignments.changes();
  const { service: old } = cluster.manager.queries.service('old');
  const passed = { ...old, id: 'a-new-one' as typeof old.id, spec: { ...old.spec, name: 'new' } };
  await cluster.store.update((transaction) => {
    transaction.delete('service', old.id);
    transaction.create('service', passed);
  });
  const told = (): readonly [readonly (string | undefined)[], readonly string[]] => {
    const { put, remove } = assignments.changes().get('node1') ?? { put: [], remove: [] };
    const owners = put.map((item) => (item.kind === 'publish' ? item.serviceName : undefined)).filter(Boolean);
    return [owners, remove.filter((key) => key.startsWith('publish:'))];
  };
  assert.deepEqual(told(), [['new'], []]);
  await cluster.store.update((transaction) => {
    const now = transaction.get('service', passed.id);
    assert.ok(now);
    transaction.update('service', { ...now, spec: { ...now.spec, mode: { kind: 'replicated', replicas: 0 } } });
  });
  assert.deepEqual(told(), [[], []]);
});

test('when the ingress network is removed nothing is published, and with the next one all is again', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.create('web', publishing(80));
  await cluster.manager.commands.createNetwork({ name: 'other', driver: 'overlay' });
  await cluster.settle();
  const ingress = [...cluster.store.view.list('network')].find(({ spec }) => spec.ingress === true);
  assert.ok(ingress);
  const networkIds = (): readonly string[] => (toldOf(cluster, 'publish')[0] ?? []).map(({ networkId }) => networkId);
  assert.deepEqual(networkIds(), [ingress.id]);
  await cluster.store.update((transaction) => transaction.delete('network', ingress.id));
  await cluster.settle();
  assert.deepEqual([networkIds(), toldOf(cluster, 'network')[0]?.length], [[], 0]);
  const next = { ...ingress, id: 'next-ingress' as typeof ingress.id };
  await cluster.store.update((transaction) => transaction.create('network', next));
  await cluster.settle();
  assert.deepEqual([networkIds(), toldOf(cluster, 'network')[0]?.map(({ id }) => id)], [[next.id], [next.id]]);
});

test("a service's own address is told on its networks, moves with them, and a change of it is no news for others", async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const [one, two] = [await networkOf(cluster, 'one'), await networkOf(cluster, 'two')];
  const on = (...ids: readonly (typeof one)[]) => ({
    task: { containers: [{ name: 'main', image: 'app:1' }], networks: ids.map((networkId) => ({ networkId })) },
  });
  await cluster.create('stays', on(one, two));
  await cluster.create('web', on(one));
  const vips = () =>
    (toldOf(cluster, 'vip')[0] ?? []).map(
      ({ serviceId, networkId }) => `${cluster.manager.queries.service(serviceId).service.spec.name} ${networkId}`,
    );
  await cluster.settle();
  const others = [`stays ${one}`, `stays ${two}`];
  assert.deepEqual(vips().toSorted(), [...others, `web ${one}`].toSorted());
  using assignments = trackAssignments(cluster.store);
  assignments.full('node1');
  assignments.changes();
  await cluster.change('web', (spec) => ({ ...spec, ...on(two) }));
  const told =
    assignments
      .changes()
      .get('node1')
      ?.put.filter(({ kind }) => kind === 'vip') ?? [];
  assert.deepEqual(
    told.map((item) => item.kind === 'vip' && item.networkId),
    [two],
  );
  await cluster.settle();
  assert.deepEqual(vips().toSorted(), [...others, `web ${two}`].toSorted());
  await cluster.change('web', (spec) => ({ ...spec, endpoint: { mode: 'dnsrr' } }));
  await cluster.settle();
  assert.deepEqual(vips().toSorted(), others.toSorted());
});

test('a node that changes one network for another is told all of the one and nothing more of the other', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const [one, two] = [await networkOf(cluster, 'one'), await networkOf(cluster, 'two')];
  const task = (id: string, nodeId: string, networkId: typeof one, address: string) =>
    aTask(id, { nodeId: nodeId as NodeId, addresses: [{ networkId, address }], desiredState: 'running' });
  const moves = task('moves', 'node1', one, '10.0.1.9');
  await cluster.store.update((transaction) => {
    transaction.create('task', moves);
    transaction.create('task', task('there-one', 'node2', one, '10.0.1.8'));
    transaction.create('task', task('there-two', 'node2', two, '10.0.2.8'));
  });
  cluster.store.observe((soft) => {
    for (const id of ['there-one', 'there-two']) soft.put('taskStatus', id, aStatus(id, { nodeId: 'node2' as NodeId }));
  });
  using assignments = trackAssignments(cluster.store);
  const set = assignments.full('node1');
  assert.deepEqual([set.has('peer:node1'), set.has('peer:node2')], [false, true]);
  assignments.changes();
  await cluster.store.update((transaction) => {
    transaction.delete('task', moves.id);
    transaction.create('task', task('moved', 'node1', two, '10.0.2.9'));
  });
  const { put, remove } = assignments.changes().get('node1') ?? { put: [], remove: [] };
  const keys = put.map((item) => `${item.kind}:${item.id}`);
  const ofTwo = [...assignments.full('node2').keys()].filter(
    (key) => key.startsWith('endpoint:') && key.includes('there-two'),
  );
  assert.equal(ofTwo.length, 1);
  for (const key of [`network:${two}`, ...ofTwo]) assert.ok(keys.includes(key), key);
  assert.ok(remove.includes(`network:${one}`) && remove.some((key) => key.includes('there-one')), remove.join());
});
