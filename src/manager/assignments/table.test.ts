import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCluster } from '../testing/cluster.ts';
import { AssignmentTable } from './table.ts';

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
