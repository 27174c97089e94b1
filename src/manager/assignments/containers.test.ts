import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssignedEndpoint } from '../../model/assignment.ts';
import type { NetworkId, NodeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { TestCluster } from '../testing/cluster.ts';
import { AssignmentTable } from './table.ts';
import { trackAssignments } from './track.ts';

const aContainer = (id: string, nodeId: string, more: Partial<SingleContainer>): SingleContainer => ({
  id,
  version: 0,
  createdAt: 0,
  updatedAt: 0,
  nodeId: nodeId as NodeId,
  engineId: `${id}0123456789abcdef`,
  spec: plainContainerSpec(id, 'app'),
  ...more,
});

const withNetwork = async (cluster: TestCluster): Promise<NetworkId> => {
  const { id } = await cluster.manager.commands.createNetwork({ name: 'net', driver: 'overlay', attachable: true });
  return cluster.manager.queries.network(id).id;
};

const make = async (cluster: TestCluster, id: string, nodeId: string, networkId: NetworkId): Promise<void> => {
  await cluster.store.update((transaction) => {
    const given = cluster.allocator.giveContainer(transaction, id, [{ networkId, aliases: ['db'] }]);
    assert.ok(given.kind === 'allocated');
    transaction.create('container', aContainer(id, nodeId, { attachments: given.value }));
  });
};

const endpoints = (set: Iterable<{ readonly kind: string }>): readonly AssignedEndpoint[] =>
  [...set].filter((item) => item.kind === 'endpoint') as unknown as AssignedEndpoint[];

test('the nodes of a network are told of its containers, which are ready while they run', async () => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  const networkId = await withNetwork(cluster);
  await make(cluster, 'c1', 'node1', networkId);
  await make(cluster, 'c2', 'node2', networkId);
  const table = () => new AssignmentTable(cluster.store.view);
  const note = (id: string, nodeId: string, running: boolean): void =>
    cluster.store.observe((soft) => soft.put('containerStatus', id, { nodeId: nodeId as NodeId, running }));
  // A manager that has just begun withdraws no name before it has heard.
  assert.ok(endpoints(table().full('node1').values()).every(({ ready }) => ready));
  note('c1', 'node1', false);
  note('c2', 'node2', false);
  assert.ok(table().full('node1').has(`network:${networkId}`));
  assert.ok(!table().full('node3').has(`network:${networkId}`));
  const before = endpoints(table().full('node2').values());
  assert.deepEqual(
    before.map(({ taskNames, names, ready }) => ({ taskNames, names, ready })),
    [
      { taskNames: ['c1', 'c10123456789'], names: ['db'], ready: false },
      { taskNames: ['c2', 'c20123456789'], names: ['db'], ready: false },
    ],
  );
  note('c1', 'node1', true);
  assert.deepEqual(
    endpoints(table().full('node2').values()).map(({ ready }) => ready),
    [true, false],
  );
  cluster.setNodeState('node1', 'down');
  assert.ok(endpoints(table().full('node2').values()).every(({ ready }) => !ready));
});

test('a container that starts costs one small difference for each node of its network', async () => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  const networkId = await withNetwork(cluster);
  for (let at = 0; at < 50; at += 1) await make(cluster, `c${at}`, at % 2 === 0 ? 'node1' : 'node2', networkId);
  cluster.store.observe((soft) => soft.put('containerStatus', 'c7', { nodeId: 'node2' as NodeId, running: false }));
  using assignments = trackAssignments(cluster.store);
  for (const node of ['node1', 'node2', 'node3']) assignments.full(node);
  assignments.changes();
  cluster.store.observe((soft) => soft.put('containerStatus', 'c7', { nodeId: 'node2' as NodeId, running: true }));
  const changes = assignments.changes();
  assert.deepEqual([...changes.keys()].toSorted(), ['node1', 'node2']);
  for (const { put, remove } of changes.values()) {
    assert.deepEqual([put.length, remove.length], [1, 0]);
  }
});

test('a removed container gives its address and its network back, and one that moves takes both along', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const networkId = await withNetwork(cluster);
  await make(cluster, 'c1', 'node1', networkId);
  using assignments = trackAssignments(cluster.store);
  const address = endpoints(assignments.full('node1').values())[0]?.address;
  await cluster.store.update((transaction) => {
    const row = transaction.get('container', 'c1');
    if (row !== undefined) transaction.update('container', { ...row, nodeId: 'node2' as NodeId });
  });
  assert.equal(endpoints(assignments.full('node1').values()).length, 0);
  assert.equal(endpoints(assignments.full('node2').values())[0]?.address, address);
  await cluster.store.update((transaction) => transaction.delete('container', 'c1'));
  assert.equal(endpoints(assignments.full('node2').values()).length, 0);
  assert.ok(!assignments.full('node2').has(`network:${networkId}`));
  const { value } = await cluster.store.update((transaction) =>
    cluster.allocator.giveContainer(transaction, 'c2', [{ networkId, address: address ?? '' }]),
  );
  assert.equal(value.kind, 'allocated');
});
