import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkId } from '../../model/ids.ts';
import { aServiceSpec, TestCluster, withImage } from '../testing/cluster.ts';

const texts = (cluster: TestCluster, reference: string): string[] =>
  cluster.manager.queries.explain(reference).history.map(({ text }) => text);

test('a moved task tells where it was and why it moved', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web');
  await cluster.settle();
  const [first] = cluster.running('web');
  const from = first?.task.nodeId ?? '';
  cluster.setNodeState(from, 'down');
  await cluster.settle();
  const { queries } = cluster.manager;
  assert.match(queries.explain('web.1').summary, /^It runs on node[12], the only one of 2 nodes that fits it\.$/);
  assert.equal(queries.task(first?.task.id ?? '').status.error, `${from} is down`);
  assert.equal(queries.task('web.1').status.error, undefined);
  assert.ok(texts(cluster, 'web.1').includes(`task ${first?.task.id} was given up: ${from} is down`));
  assert.equal(
    queries.explain(first?.task.id ?? '').summary,
    `It was given up because ${from} is down; it is stopped when that returns.`,
  );
});

test('an end is told with what caused it, and what is tried next', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  cluster.behaviours.set('app:1', 'reject');
  await cluster.create('web');
  await cluster.pass(1_500);
  const { queries } = cluster.manager;
  const ended = queries.tasks().find(({ status }) => status.state === 'rejected');
  assert.equal(queries.explain(ended?.task.id ?? '').summary, 'It could not be started on node1.');
  const waiting = queries.tasks().find(({ task }) => task.nodeId === undefined);
  assert.match(
    queries.explain(waiting?.task.id ?? '').summary,
    /^It is attempt 4 and is tried again in \d(\.\d)? s; the one before it was rejected(: .+)?\.$/,
  );
});

test('references are ids, names and beginnings of ids', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const id = await cluster.create('web');
  await cluster.settle();
  const { queries } = cluster.manager;
  assert.equal(queries.service(id).service.id, id);
  assert.equal(queries.service('WEB').service.id, id, 'names are compared without case');
  assert.equal(queries.service(id.slice(0, -1)).service.id, id);
  const [task] = queries.tasks();
  assert.equal(queries.task(`web.1.${task?.task.id}`).task.id, task?.task.id);
  assert.throws(() => queries.node('nope'), { code: 'not-found' });
  await cluster.create('more', { mode: { kind: 'replicated', replicas: 9 } });
  await cluster.settle();
  assert.throws(() => queries.task('0000'), { code: 'invalid-argument' });
});

test('an update of a service with one fixed address stops first, whatever its policy says', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { id } = await cluster.manager.commands.createNetwork({
    name: 'net',
    driver: 'overlay',
    ipam: { configs: [{ subnet: '10.9.0.0/24' }] },
  });
  const networks = [{ networkId: id as NetworkId, ipv4Address: '10.9.0.99' }];
  const spec = aServiceSpec('web', { update: { order: 'start-first', monitorMs: 100 } });
  await cluster.manager.commands.createService({ ...spec, task: { ...spec.task, networks } });
  await cluster.settle();
  await cluster.change('web', (before) => {
    const after = withImage(before, 'app:2');
    return { ...after, task: { ...after.task, networks } };
  });
  await cluster.pass(1_000);
  const [task] = cluster.running('web');
  assert.equal(task?.task.spec.containers[0]?.image, 'app:2');
  assert.ok(task?.task.addresses?.some(({ address }) => address === '10.9.0.99'));
  assert.equal(cluster.manager.queries.service('web').service.updateStatus?.state, 'completed');
});
