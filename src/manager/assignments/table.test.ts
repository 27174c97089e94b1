import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SecretId } from '../../model/ids.ts';
import { TestCluster } from '../testing/cluster.ts';
import { AssignmentTable } from './table.ts';
import { trackAssignments } from './track.ts';

test('a network that a node does not need when it is told everything, and then again, is told of again', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { id } = await cluster.manager.commands.createNetwork({ name: 'net', driver: 'overlay' });
  const { id: networkId } = cluster.manager.queries.network(id);
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
const withTwoTasks = async (cluster: TestCluster) => {
  const { id } = await cluster.manager.commands.createNetwork({ name: 'net', driver: 'overlay', ipv6: true });
  const { id: networkId } = cluster.manager.queries.network(id);
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
