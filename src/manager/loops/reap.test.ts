import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { clusterSpec } from '../../model/cluster.ts';
import type { NodeId, TaskId } from '../../model/ids.ts';
import type { UpdateStatus } from '../../model/service.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import { silentLog } from '../../platform/log.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import { aNode, aService, aStatus, aTask } from '../../store/fixtures.ts';
import { manualClock } from '../testing/clock.ts';
import { startReapLoop } from './reap.ts';

const nodeId = aNode('one').id;
const service = aService('web');
const placed = (id: string, over: Partial<Task> = {}): Task =>
  aTask(id, { serviceId: service.id, nodeId, addresses: [], genericResources: [], ...over });

/** A loop that has looked at everything: from here on it acts on what commits tell, or not at all, as time stands still. */
const start = async (...tasks: readonly Task[]) => {
  const clock = manualClock();
  const store = await createStore({ driver: memoryDriver(), clock });
  const spec = clusterSpec.parse({ taskHistoryLimit: 2 });
  const stored = { id: 'cluster', version: 0, createdAt: 0, updatedAt: 0 };
  await store.update((transaction) => {
    const material = { caCertificate: '', caKey: '', joinTokens: { manager: '', worker: '' } };
    transaction.create('cluster', { ...stored, spec, ...material });
    transaction.create('node', aNode('one'));
    transaction.create('service', service);
    for (const task of tasks) transaction.create('task', task);
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  };
  const loop = startReapLoop({ store, clock, log: silentLog });
  clock.advance(0);
  await settle();
  return {
    store,
    settle,
    observe: async (...statuses: readonly TaskStatus[]) => {
      store.observe((soft) => {
        for (const status of statuses) soft.put('taskStatus', status.taskId, status);
      });
      await settle();
    },
    tasks: () => [...store.view.list('task')].map(({ id }) => id).toSorted(),
    statuses: () => [...store.view.list('taskStatus')].map(({ taskId }) => taskId).toSorted(),
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
};

const ended = (id: string, over: Partial<TaskStatus> = {}): TaskStatus =>
  aStatus(id, { state: 'failed', nodeId, ready: false, ...over });
const over = (id: string, createdAt: number): Task =>
  placed(id, { desiredState: 'shutdown', createdAt, finalStatus: ended(id) });

test('an end is made durable with the word of it, and a running task is left alone', async () => {
  await using reaper = await start(placed('a'), placed('b', { slot: 2 }));
  await reaper.observe(aStatus('a', { nodeId }));
  const { revision } = reaper.store.view;
  await reaper.observe(aStatus('b', { nodeId }), ended('a', { ready: true }));
  assert.deepEqual(reaper.store.view.get('task', 'a')?.finalStatus, ended('a'));
  assert.equal(reaper.store.view.get('task', 'b')?.finalStatus, undefined);
  assert.equal(reaper.store.view.revision, revision + 1);
});

test('of each place as many are kept as the limit says, the newest, with every change of it', async () => {
  await using reaper = await start(...[1, 2, 3, 4].map((at) => over(`t${at}`, at)), placed('now', { createdAt: 9 }));
  assert.deepEqual(reaper.tasks(), ['now', 't3', 't4']);
  await reaper.observe(ended('t3'), ended('t4'));
  await reaper.store.update((transaction) => {
    const [cluster] = transaction.list('cluster');
    assert.ok(cluster);
    transaction.update('cluster', { ...cluster, spec: { ...cluster.spec, taskHistoryLimit: 1 } });
  });
  await reaper.settle();
  assert.deepEqual([reaper.tasks(), reaper.statuses()], [['now', 't4'], ['t4']]);
});

test('nothing is forgotten while an update may count it; then at once', async () => {
  await using reaper = await start();
  for (const state of ['updating', 'rollback_started'] as const) {
    const become = async (updateStatus: UpdateStatus): Promise<void> => {
      await reaper.store.update((transaction) => {
        const row = transaction.get('service', service.id);
        assert.ok(row);
        transaction.update('service', { ...row, updateStatus });
      });
      await reaper.settle();
    };
    await become({ state, startedAt: 0, message: '' });
    await reaper.store.update((transaction) => {
      for (const at of [1, 2, 3, 4]) transaction.create('task', over(`${state}${at}`, at));
    });
    await reaper.settle();
    assert.equal(reaper.tasks().length, 4);
    await become({ state: 'completed', startedAt: 0, message: '' });
    assert.equal(reaper.tasks().length, 2);
    await reaper.store.update((transaction) => {
      for (const id of reaper.tasks()) transaction.delete('task', id);
    });
  }
});

test('with a node that was removed its tasks end, and what was known of others on it is forgotten', async () => {
  await using reaper = await start(placed('a'), placed('gone', { slot: 2, desiredState: 'remove' }));
  await reaper.observe(aStatus('a', { nodeId }), aStatus('gone', { nodeId }), aStatus('own', { nodeId }));
  assert.deepEqual(
    [reaper.tasks(), reaper.statuses()],
    [
      ['a', 'gone'],
      ['a', 'gone', 'own'],
    ],
  );
  await reaper.store.update((transaction) => transaction.delete('node', nodeId));
  await reaper.settle();
  assert.deepEqual([reaper.tasks(), reaper.statuses()], [['a'], ['a']]);
  assert.equal(reaper.store.view.get('task', 'a')?.finalStatus?.state, 'orphaned');
});

test('a removed task stays until the successor that its agent started has ended, then both go', async () => {
  const next = 'next' as TaskId;
  const last = 'last' as TaskId;
  await using reaper = await start(placed('a', { desiredState: 'remove' }));
  await reaper.observe(
    ended('a', { successor: next }),
    ended('next', { successor: last }),
    aStatus('last', { nodeId }),
  );
  assert.deepEqual([reaper.tasks(), reaper.statuses()], [['a'], ['a', 'last', 'next']]);
  await reaper.observe(ended('last'));
  assert.deepEqual([reaper.tasks(), reaper.statuses()], [[], []]);
});

test('one that runs without a row is remembered until its node is gone or it has ended', async () => {
  await using reaper = await start();
  const stranger = 'elsewhere' as NodeId;
  await reaper.observe(aStatus('own', { nodeId }), aStatus('lost', { nodeId: stranger, state: 'failed' }));
  assert.deepEqual(reaper.statuses(), ['own']);
  await reaper.observe(ended('own'));
  assert.deepEqual(reaper.statuses(), []);
});
