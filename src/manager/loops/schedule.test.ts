import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { aNode, aTask, tasksOf } from '../../core/schedule/fixtures.ts';
import type { TestNode } from '../../core/schedule/fixtures.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId, VolumeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { Log } from '../../platform/ports.ts';
import { createStore } from '../../store/create.ts';
import type { Driver } from '../../store/driver.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import type { Store, View } from '../../store/store.ts';
import { manualClock } from '../testing/clock.ts';
import { scheduleLoop } from './schedule.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };

/** A store with the scheduling loop alone on it. */
const start = async (driver: Driver = memoryDriver()) => {
  const clock = manualClock(0);
  const stack = new AsyncDisposableStack();
  const store = stack.use(await createStore({ driver, clock }));
  stack.use(scheduleLoop({ store, clock, log, random: { number: () => 0 } }));
  const settle = async (ms = 0): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  };
  return { store, settle, [Symbol.asyncDispose]: async () => stack.disposeAsync() };
};

const join = async (store: Store, { node, status }: TestNode): Promise<void> => {
  await store.update((tx) => tx.create('node', node));
  store.observe((tx) => tx.put('nodeStatus', node.id, status));
};

const create = async (store: Store, tasks: readonly Task[]): Promise<void> => {
  await store.update((tx) => {
    for (const task of tasks) tx.create('task', task);
  });
};

/** Between `hold` and `release` no commit comes through. */
const heldDriver = () => {
  const gate = Promise.withResolvers<void>();
  let held: Promise<void> | undefined;
  const memory = memoryDriver();
  const commit: Driver['commit'] = async (...args) => {
    await held;
    return memory.commit(...args);
  };
  const hold = (): void => {
    held = gate.promise;
  };
  return { driver: { ...memory, commit }, hold, release: gate.resolve };
};

const placed = (view: View): Record<string, string | undefined> =>
  Object.fromEntries([...view.list('task')].map(({ id, nodeId }) => [id, nodeId]));

describe('schedule loop', () => {
  it('places what is there at the start and what comes later', async () => {
    await using cluster = await start();
    await join(cluster.store, aNode('a'));
    await create(cluster.store, tasksOf('web', 1));
    await cluster.settle();
    assert.deepEqual(placed(cluster.store.view), { 'web.1': 'a' });
    await join(cluster.store, aNode('b'));
    await create(cluster.store, tasksOf('api', 1));
    await cluster.settle();
    assert.deepEqual(placed(cluster.store.view), { 'web.1': 'a', 'api.1': 'b' });
  });

  it('says why a task waits, says it anew when that changes, and takes it back once there is room', async () => {
    await using cluster = await start();
    const { store, settle } = cluster;
    const error = () => store.view.get('taskStatus', 'web.2')?.error;
    await create(store, tasksOf('web', 2, { reserve: { memoryBytes: 600 } }));
    await settle();
    assert.equal(error(), 'no suitable node (the cluster has none)');
    await join(store, aNode('a'));
    await settle();
    assert.equal(error(), 'no suitable node (1 lacks memory)');
    assert.equal(store.view.get('taskStatus', 'web.1'), undefined);
    store.observe((tx) => {
      const row = { taskId: 'web.1' as never, state: 'complete' as const, timestamp: 1, message: '', ready: false };
      tx.put('taskStatus', 'web.1', { ...row, containers: [] });
    });
    await settle();
    assert.equal(store.view.get('task', 'web.2')?.nodeId, 'a');
    assert.equal(error(), undefined);
  });

  it('keeps the place of a task that ended while its agent goes on with another in its place', async () => {
    await using cluster = await start();
    const { store, settle } = cluster;
    await join(store, aNode('a'));
    await create(store, tasksOf('web', 2, { reserve: { memoryBytes: 600 } }));
    await settle();
    const tell = (taskId: string, more: Partial<TaskStatus>) =>
      store.observe((tx) =>
        tx.put('taskStatus', taskId, {
          taskId: taskId as never,
          nodeId: 'a' as never,
          timestamp: 1,
          message: '',
          ready: false,
          containers: [],
          state: 'failed',
          ...more,
        }),
      );
    store.observe((tx) => tx.drop('taskStatus', 'web.2'));
    tell('next', { state: 'starting' });
    tell('web.1', { successor: 'next' as never });
    await settle(60_000);
    assert.equal(store.view.get('task', 'web.2')?.nodeId, undefined);
    tell('next', { state: 'failed' });
    await settle();
    assert.equal(store.view.get('task', 'web.2')?.nodeId, 'a');
  });

  it('waits for the moment before which a task may not be placed', async () => {
    await using cluster = await start();
    await join(cluster.store, aNode('a'));
    await create(cluster.store, [aTask('web', 1, { notBefore: 5_000 })]);
    await cluster.settle(4_999);
    assert.deepEqual(placed(cluster.store.view), { 'web.1': undefined });
    await cluster.settle(1);
    assert.deepEqual(placed(cluster.store.view), { 'web.1': 'a' });
  });

  it('agrees to tasks that belong to one node by handing over resources, be it none', async () => {
    await using cluster = await start();
    await join(cluster.store, aNode('a'));
    const { slot: _slot, ...global } = aTask('global', 1, { nodeId: 'a' as never });
    await create(cluster.store, [global]);
    await cluster.settle();
    assert.deepEqual(cluster.store.view.get('task', 'global.1')?.genericResources, []);
  });

  it('holds a task that belongs to one node until there is room on it, and says so meanwhile', async () => {
    await using cluster = await start();
    const { store, settle } = cluster;
    const big = tasksOf('big', 1, { reserve: { memoryBytes: 900 } });
    await join(store, aNode('a'));
    await join(store, aNode('b'));
    await create(
      store,
      big.map((task) => ({ ...task, nodeId: 'a' as never })),
    );
    const { slot: _slot, ...global } = { ...tasksOf('global', 1, { reserve: { memoryBytes: 200 } })[0] } as Task;
    await create(store, [{ ...global, nodeId: 'a' as never }]);
    await settle();
    assert.equal(store.view.get('task', 'global.1')?.genericResources, undefined);
    assert.equal(store.view.get('taskStatus', 'global.1')?.error, 'no suitable node (1 lacks memory)');
    await store.update((tx) => tx.delete('task', 'big.1'));
    await settle();
    assert.deepEqual(store.view.get('task', 'global.1')?.genericResources, []);
    assert.equal(store.view.get('taskStatus', 'global.1'), undefined);
  });

  it('gives host ports once per node', async () => {
    await using cluster = await start();
    await join(cluster.store, aNode('a'));
    const hostPorts = [{ protocol: 'tcp', target: 80, published: 80, mode: 'host' } as const];
    await create(cluster.store, tasksOf('web', 2, { hostPorts }));
    await cluster.settle();
    assert.deepEqual(placed(cluster.store.view), { 'web.1': 'a', 'web.2': undefined });
  });

  it('gives no host port that a container has got while it decided', async () => {
    const { driver, hold, release } = heldDriver();
    await using cluster = await start(driver);
    const { store, settle } = cluster;
    const nodes = [aNode('a'), aNode('b')];
    for (const { node } of nodes) await store.update((tx) => tx.create('node', node));
    const hostPorts = [{ protocol: 'tcp', target: 80, published: 80, mode: 'host' } as const];
    await create(store, tasksOf('web', 2, { hostPorts }));
    await settle();
    hold();
    const claim = { ...plainContainerSpec('db', 'db'), hostPorts: ['tcp/127.0.0.1:80'] };
    const stored = { id: 'row', version: 0, createdAt: 1, updatedAt: 1 };
    const made = store.update((tx) => tx.create('container', { ...stored, spec: claim, nodeId: 'a' as NodeId }));
    for (const { node, status } of nodes) store.observe((tx) => tx.put('nodeStatus', node.id, status));
    await settle();
    release();
    await made;
    await settle();
    assert.deepEqual(new Set(Object.values(placed(store.view))), new Set(['b', undefined]));
  });

  it('looks again at tasks that changed while it decided', async () => {
    const { driver, hold, release } = heldDriver();
    await using cluster = await start(driver);
    const { store, settle } = cluster;
    const { node, status } = aNode('a');
    await store.update((tx) => tx.create('node', node));
    await create(store, tasksOf('web', 3));
    await settle();
    hold();
    const meanwhile = store.update((tx) => {
      tx.delete('task', 'web.2');
      tx.update('task', aTask('web', 3));
    });
    await settle();
    // The loop decides on the rows as they are now, and its commit waits behind the other one.
    store.observe((tx) => tx.put('nodeStatus', node.id, status));
    await settle();
    assert.deepEqual(placed(store.view), { 'web.1': undefined, 'web.2': undefined, 'web.3': undefined });
    release();
    await meanwhile;
    await settle();
    assert.deepEqual(placed(store.view), { 'web.1': 'a', 'web.3': 'a' });
  });

  it('goes on after the store could not commit', async () => {
    const memory = memoryDriver();
    let broken = true;
    const commit: Driver['commit'] = async (previous, revision, writes) => {
      const places = writes.some(({ after }) => after !== undefined && 'nodeId' in after);
      if (broken && places) throw new TuttiError('resource-exhausted', 'the disk is full');
      return memory.commit(previous, revision, writes);
    };
    await using cluster = await start({ ...memory, commit });
    const { store, settle } = cluster;
    await join(store, aNode('a', { memory: 100 }));
    await create(store, tasksOf('web', 1, { reserve: { memoryBytes: 100 } }));
    await settle();
    assert.deepEqual(placed(store.view), { 'web.1': undefined });
    broken = false;
    await settle(10_000);
    assert.deepEqual(placed(store.view), { 'web.1': 'a' });
  });

  it('takes a promised volume along, with what was asked for of it, and follows one that comes to be elsewhere', async () => {
    await using cluster = await start();
    const { store, settle } = cluster;
    const mounts = [{ type: 'volume' as const, source: 'data', target: '/data' }];
    const mounting = (service: string, count: number) =>
      Array.from({ length: count }, (_, at) =>
        aTask(service, at + 1, { spec: { containers: [{ name: 'main', image: 'web', mounts }] } }),
      );
    await join(store, aNode('a'));
    await join(store, aNode('b'));
    const spec = { name: 'data', driver: 'local', options: { type: 'tmpfs', device: 'tmpfs' }, labels: { of: 'me' } };
    await store.update((tx) =>
      tx.create('volume', { id: 'v' as VolumeId, version: 0, createdAt: 0, updatedAt: 0, spec }),
    );
    await create(store, mounting('db', 2));
    await settle();
    assert.deepEqual(placed(store.view), { 'db.1': 'a', 'db.2': 'a' });
    assert.equal(store.view.get('volume', 'v' as VolumeId)?.nodeId, 'a');
    assert.deepEqual(store.view.get('task', 'db.1')?.spec.containers[0]?.mounts?.[0]?.volume, {
      labels: { of: 'me' },
      driver: { name: 'local', options: spec.options },
    });
    await store.update((tx) => {
      const row = tx.get('volume', 'v' as VolumeId);
      if (row !== undefined) tx.update('volume', { ...row, nodeId: 'gone' as NodeId });
    });
    await create(store, mounting('late', 1));
    await settle();
    assert.match(store.view.get('taskStatus', 'late.1')?.message ?? '', /2 lack volume data/);
    await store.update((tx) => tx.delete('volume', 'v' as VolumeId));
    await settle();
    assert.equal(store.view.get('task', 'late.1')?.nodeId, 'b');
  });
});
