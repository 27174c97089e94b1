import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasLiveSuccessor } from '../core/task/known.ts';
import type { TaskId } from '../model/ids.ts';
import { TestCluster } from './testing/cluster.ts';
import { unadopted } from './observed.ts';

test('a successor that nothing is known of lives until its node was heard of', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.create('web');
  await cluster.settle();
  const [known] = cluster.running('web');
  assert.ok(known !== undefined);
  const ended = { ...known.status, state: 'failed', ready: false, successor: 'next' as TaskId } as const;
  const lives = () => hasLiveSuccessor(ended, unadopted(cluster.store.view));
  cluster.setNodeState('node1', 'unknown');
  assert.equal(lives(), true);
  cluster.setNodeState('node1', 'ready');
  assert.equal(lives(), false);
});
