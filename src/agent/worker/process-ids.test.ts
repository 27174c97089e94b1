import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedTask, fakeNode } from '../../../test/fakes/engine/node.ts';
import { systemClock } from '../../platform/clock.ts';
import { createProcessIds } from './process-ids.ts';

const pidOf = (node: ReturnType<typeof fakeNode>, task: string) => node.state(task)?.containers[0]?.pid;

test('the process of a running container is told once nothing is being started, by one inspection', async () => {
  const node = fakeNode();
  node.assign(assignedTask('task1'), assignedTask('task2', { slot: 2 }));
  await node.pass(400);
  assert.equal(node.state('task1')?.state, 'running');
  assert.equal(node.engine.calls.inspect, undefined);
  await node.pass(1000);
  assert.equal(pidOf(node, 'task1'), 1);
  assert.equal(pidOf(node, 'task2'), 1);
  assert.equal(node.engine.calls.inspect, 2);
});

test('a restarted agent learns it again, and an ended container has none', async () => {
  const node = fakeNode();
  node.assign(assignedTask('task1', { spec: { restart: { condition: 'none' } } }));
  await node.pass(2000);
  node.restartAgent();
  await node.pass(2000);
  assert.equal(pidOf(node, 'task1'), 1);
  node.engine.exit([...node.engine.containers.keys()][0] ?? '', 1);
  await node.pass(100);
  assert.equal(node.state('task1')?.state, 'failed');
  assert.equal(pidOf(node, 'task1'), undefined);
});

test('the engine is not asked for what is known already', async () => {
  const ended = new AbortController();
  const asked: string[] = [];
  const learned = new Map<string, number>();
  const done = Promise.withResolvers<void>();
  const ids = createProcessIds({
    engine: {
      inspectContainer: async (id) => {
        asked.push(id);
        return await Promise.reject(new Error('not needed'));
      },
    },
    processOf: (id) => (id === 'known' ? 7 : undefined),
    clock: { ...systemClock, after: (_ms, call) => systemClock.after(0, call) },
    signal: ended.signal,
    learned: (id, pid) => {
      learned.set(id, pid);
      done.resolve();
    },
  });
  ids.want('known');
  await done.promise;
  assert.deepEqual([...learned], [['known', 7]]);
  ended.abort();
  assert.deepEqual(asked, []);
});
