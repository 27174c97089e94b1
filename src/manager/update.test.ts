import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceSpec, UpdatePolicy } from '../model/service.ts';
import { TestCluster, withImage } from './testing/cluster.ts';

const policy = (update: UpdatePolicy): Partial<ServiceSpec> => ({ mode: { kind: 'replicated', replicas: 4 }, update });

const imagesOf = (cluster: TestCluster, service: string): string[] =>
  cluster.running(service).map(({ task }) => task.spec.containers[0]?.image ?? '');

const statusOf = (cluster: TestCluster) => cluster.manager.queries.service('web').service.updateStatus;

test('an update replaces one task after the other, with the delay between them', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', policy({ parallelism: 1, delayMs: 2_000, monitorMs: 1_000 }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.settle();
  const count = () => imagesOf(cluster, 'web').filter((image) => image === 'app:2').length;
  assert.equal(statusOf(cluster)?.state, 'updating');
  assert.equal(count(), 1);
  await cluster.pass(1_750);
  assert.equal(count(), 1);
  await cluster.pass(250);
  assert.equal(count(), 2);
  await cluster.pass(4_000);
  assert.equal(count(), 4);
  assert.equal(statusOf(cluster)?.state, 'updating');
  await cluster.pass(1_000);
  assert.equal(statusOf(cluster)?.state, 'completed');
  assert.deepEqual(cluster.errors, []);
});

test('start-first never has fewer ready tasks than before', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', policy({ parallelism: 2, order: 'start-first', monitorMs: 500 }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  const ready = () => cluster.running('web').filter(({ status }) => status.ready).length;
  for (let round = 0; round < 100; round += 1) {
    await cluster.round();
    assert.ok(ready() >= 4, `${ready()} are ready`);
    assert.ok(ready() <= 6, `${ready()} are ready`);
  }
  await cluster.pass(1_000);
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:2', 'app:2', 'app:2', 'app:2']);
  assert.equal(statusOf(cluster)?.state, 'completed');
});

test('an update that waits for health goes no further than its first unhealthy task', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  cluster.behaviours.set('app:2', 'unhealthy');
  await cluster.create('web', policy({ parallelism: 1, order: 'start-first' }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.pass(20_000, 1_000);
  assert.equal(imagesOf(cluster, 'web').filter((image) => image === 'app:1').length, 4);
  assert.equal(statusOf(cluster)?.state, 'updating');
});

/** Four tasks of `app:1`, the first of which an update to `app:2` has lost. */
const pausedUpdate = async (): Promise<TestCluster> => {
  const cluster = await TestCluster.start({ nodes: 2 });
  cluster.behaviours.set('app:2', 'fail');
  await cluster.create('web', policy({ parallelism: 1, delayMs: 1_000 }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.pass(5_000);
  return cluster;
};

test('a failing update pauses, leaves the rest alone, and goes on with the next one', async () => {
  await using cluster = await pausedUpdate();
  assert.equal(statusOf(cluster)?.state, 'paused');
  assert.match(statusOf(cluster)?.message ?? '', /^update paused due to failure or early termination of task/);
  assert.equal(imagesOf(cluster, 'web').filter((image) => image === 'app:1').length, 3);
  await cluster.change('web', (spec) => withImage(spec, 'app:3'));
  await cluster.pass(30_000);
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:3', 'app:3', 'app:3', 'app:3']);
  assert.equal(statusOf(cluster)?.state, 'completed');
});

test('after a failing update a change back to what ran before leaves alone what still runs', async () => {
  await using cluster = await pausedUpdate();
  const kept = cluster.running('web').map(({ task }) => task.id);
  assert.equal(kept.length, 3);
  await cluster.change('web', (spec) => withImage(spec, 'app:1'));
  await cluster.pass(30_000);
  const ids = cluster.running('web').map(({ task }) => task.id);
  assert.equal(ids.length, 4);
  assert.deepEqual(
    kept.filter((id) => !ids.includes(id)),
    [],
  );
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:1', 'app:1', 'app:1', 'app:1']);
  assert.equal(statusOf(cluster)?.state, 'completed');
});

test('a failing update rolls back where its policy says so, and what still runs is left alone', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  cluster.behaviours.set('app:2', 'reject');
  await cluster.create('web', policy({ parallelism: 1, failureAction: 'rollback' }));
  await cluster.settle();
  const before = cluster.running('web').map(({ task }) => task.id);
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.pass(10_000);
  assert.equal(statusOf(cluster)?.state, 'rollback_completed');
  const after = cluster.running('web').map(({ task }) => task.id);
  assert.equal(after.length, 4);
  assert.equal(after.filter((id) => before.includes(id)).length, 3);
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:1', 'app:1', 'app:1', 'app:1']);
  await cluster.change('web', (spec) => withImage(spec, 'app:4'));
  await cluster.pass(30_000);
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:4', 'app:4', 'app:4', 'app:4']);
});

test('a rollback by hand goes back, and once more forth', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', policy({ parallelism: 0 }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.pass(10_000);
  const { commands, queries } = cluster.manager;
  await commands.rollbackService('web', queries.service('web').service.version);
  await cluster.pass(10_000);
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:1', 'app:1', 'app:1', 'app:1']);
  assert.equal(statusOf(cluster)?.state, 'rollback_completed');
  await commands.rollbackService('web', queries.service('web').service.version);
  await cluster.pass(10_000);
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:2', 'app:2', 'app:2', 'app:2']);
});

test('changes that tasks are not made from replace nothing', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', policy({}));
  await cluster.settle();
  const before = cluster.running('web').map(({ task }) => task.id);
  await cluster.change('web', (spec) => ({ ...spec, labels: { a: 'b' }, update: { parallelism: 3 } }));
  await cluster.pass(10_000);
  assert.deepEqual(
    cluster.running('web').map(({ task }) => task.id),
    before,
  );
  assert.equal(statusOf(cluster), undefined);
});

test('a global service is updated node by node, and a node that is down holds up nothing', async () => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  await cluster.create('agent', { mode: { kind: 'global' }, update: { parallelism: 1, monitorMs: 500 } });
  await cluster.settle();
  cluster.setNodeState('node2', 'down');
  await cluster.settle();
  await cluster.change('agent', (spec) => withImage(spec, 'app:2'));
  await cluster.pass(3_000);
  assert.equal(cluster.manager.queries.service('agent').service.updateStatus?.state, 'completed');
  cluster.setNodeState('node2', 'ready');
  await cluster.pass(3_000);
  assert.deepEqual(imagesOf(cluster, 'agent'), ['app:2', 'app:2', 'app:2']);
});

test('a job goes back to its specification without an update that would never end', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.create('web', { mode: { kind: 'replicated-job', totalCompletions: 2 } });
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  const { service } = cluster.manager.queries.service('web');
  await cluster.manager.commands.rollbackService('web', service.version);
  await cluster.settle();
  assert.equal(statusOf(cluster), undefined);
  assert.equal(cluster.manager.queries.service('web').service.spec.task.containers[0]?.image, 'app:1');
});

test('an update that pauses leaves no place with two tasks that run', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  cluster.behaviours.set('app:2', 'unhealthy');
  await cluster.create('web', policy({ parallelism: 1, order: 'start-first', failureAction: 'pause' }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.settle();
  const { service } = cluster.manager.queries.service('web');
  const now = cluster.clock.now();
  await cluster.store.update((transaction) =>
    transaction.update('service', { ...service, updateStatus: { state: 'paused', startedAt: now, message: '' } }),
  );
  const [held] = cluster.tasks('web').filter(({ task }) => task.specVersion === service.specVersion);
  cluster.store.observe((soft) => {
    const status = soft.get('taskStatus', held?.task.id ?? '');
    if (status !== undefined) soft.put('taskStatus', status.taskId, { ...status, state: 'running', ready: true });
  });
  await cluster.settle();
  const places = cluster.running('web').map(({ task }) => task.slot);
  assert.equal(places.length, 4);
  assert.equal(new Set(places).size, 4);
});

test('of a change that another one overtook no task is left waiting', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', { mode: { kind: 'global' }, update: { parallelism: 2, order: 'start-first' } });
  await cluster.settle();
  cluster.behaviours.set('app:2', 'unhealthy');
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:3'));
  await cluster.settle();
  assert.deepEqual(imagesOf(cluster, 'web'), ['app:3', 'app:3']);
  const wanted = cluster.tasks('web').filter(({ task }) => task.desiredState === 'running');
  assert.equal(wanted.length, 2);
});

test('a failure counts though the clock of its node is minutes ahead', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.create('web', policy({ parallelism: 1, monitorMs: 3_000, failureAction: 'pause' }));
  await cluster.settle();
  await cluster.change('web', (spec) => withImage(spec, 'app:2'));
  await cluster.settle();
  const [fresh] = cluster.running('web').filter(({ task }) => task.spec.containers[0]?.image === 'app:2');
  assert.ok(fresh !== undefined);
  await cluster.pass(500);
  const ahead = cluster.clock.now() + 300_000;
  cluster.store.observe((soft) =>
    soft.put('taskStatus', fresh.task.id, { ...fresh.status, state: 'failed', ready: false, timestamp: ahead }),
  );
  await cluster.settle();
  assert.equal(statusOf(cluster)?.state, 'paused');
});

test('a task keeps the host ports of the version that it was made from, whatever its service became since', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const publish = (published: number): Partial<ServiceSpec> => ({
    endpoint: { ports: [{ protocol: 'tcp', target: 80, published, mode: 'host' }] },
  });
  const web = await cluster.create('web', { update: { delayMs: 60_000 } });
  const db = await cluster.create('db', { ...publish(5432), update: { delayMs: 60_000 } });
  await cluster.settle();
  const first = new Set(['web', 'db'].flatMap((name) => cluster.running(name).map(({ task }) => task.id as string)));
  cluster.agent('node1').stubborn = true;
  for (const image of ['app:2', 'app:3']) {
    await cluster.change('web', (spec) => ({ ...withImage(spec, image), ...publish(80) }));
    await cluster.change('db', (spec) => ({ ...withImage(spec, image), endpoint: { ports: [] } }));
    await cluster.settle();
  }
  const portsOf = (service: string) =>
    [...cluster.agent('node1').assignments.values()].flatMap((item) =>
      item.kind === 'task' && item.serviceId === service && first.has(item.id)
        ? [(item.hostPorts ?? []).map(({ published }) => published)]
        : [],
    );
  assert.deepEqual(portsOf(web), [[]]);
  assert.deepEqual(portsOf(db), [[5432]]);
});
