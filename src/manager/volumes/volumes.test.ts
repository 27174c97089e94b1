import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../platform/log.ts';
import { createBroadcast } from '../engines/broadcast.ts';
import type { EngineEvent } from '../manager.ts';
import { TestCluster } from '../testing/cluster.ts';
import { followVolumes } from './follow.ts';

const told = (nodeId: string, Action: 'create' | 'destroy', ID: string): EngineEvent => ({
  nodeId,
  nodeName: nodeId,
  event: { Type: 'volume', Action, Actor: { ID, Attributes: { driver: 'local' } }, time: 1, timeNano: 1e9 },
});

test('what engines make keeps a promise, what they remove is forgotten', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { volumes } = cluster.manager;
  const { publish, read } = createBroadcast<EngineEvent>(100);
  using _following = followVolumes({ inventory: { events: read }, log: silentLog, clock: cluster.clock }, volumes);
  const rows = () => volumes.rows().map(({ spec, nodeId }) => `${spec.name} ${nodeId ?? '-'}`);
  await volumes.record({ name: 'data', driver: 'local' });
  publish(told('node1', 'create', 'other'));
  publish(told('node2', 'create', 'data'));
  await cluster.settle();
  assert.deepEqual(rows(), ['data node2']);
  publish(told('node1', 'create', 'data'));
  publish(told('node1', 'destroy', 'data'));
  await cluster.settle();
  assert.deepEqual(rows(), ['data node2']);
  publish(told('node2', 'destroy', 'data'));
  await cluster.settle();
  assert.deepEqual(rows(), []);
});
