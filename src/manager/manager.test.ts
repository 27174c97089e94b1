import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeId, TaskId } from '../model/ids.ts';
import { TestCluster } from './testing/cluster.ts';

const replicated = (replicas: number) => ({ mode: { kind: 'replicated', replicas } }) as const;

test('a service comes to run, scales, and is removed with nothing left', async () => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  await cluster.create('web', replicated(5));
  await cluster.settle();
  assert.equal(cluster.running('web').length, 5);
  assert.deepEqual(cluster.manager.queries.service('web').running, 5);
  await cluster.manager.commands.scaleService('web', 9);
  await cluster.settle();
  assert.deepEqual(
    cluster.running('web').map(({ task }) => task.slot),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  await cluster.manager.commands.scaleService('web', 2);
  await cluster.settle();
  assert.equal(cluster.running('web').length, 2);
  assert.equal(cluster.tasks('web').length, 2);
  await cluster.manager.commands.removeService('web');
  await cluster.settle();
  assert.equal(cluster.store.view.count('task'), 0);
  assert.equal(cluster.store.view.count('taskStatus'), 0);
  for (const agent of cluster.agents.values()) assert.equal(agent.tasks.size, 0);
  assert.deepEqual(cluster.errors, []);
});

test('the tasks of a node that is down run elsewhere, and the old ones are stopped when it returns', async () => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  await cluster.create('web', replicated(6));
  await cluster.settle();
  const before = cluster.agent('node2').running();
  assert.equal(before.length, 2);
  cluster.setNodeState('node2', 'down');
  await cluster.settle();
  const running = cluster.running('web');
  assert.equal(running.length, 6);
  assert.ok(running.every(({ task }) => task.nodeId !== 'node2'));
  assert.equal(new Set(running.map(({ task }) => task.slot)).size, 6);
  assert.deepEqual(cluster.agent('node2').running(), before);
  cluster.setNodeState('node2', 'ready');
  await cluster.settle();
  assert.deepEqual(cluster.agent('node2').running(), []);
  assert.equal(cluster.running('web').length, 6);
});

test("the cluster's log driver is in what agents are told of tasks that name none", async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const { version, spec } = queries.cluster();
  const logging = { driver: 'json-file', options: { 'max-size': '10m' } };
  await commands.updateCluster(version, { ...spec, logging });
  await cluster.create('web', replicated(1));
  await cluster.settle();
  assert.deepEqual(cluster.agent('node1').assigned()[0]?.spec.logging, logging);
  assert.equal(queries.service('web').service.spec.task.logging, undefined);
});

test('a drained node is emptied, each task stopped before its replacement starts', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', replicated(4));
  await cluster.settle();
  cluster.agent('node1').stubborn = true;
  await cluster.setAvailability('node1', 'drain');
  await cluster.settle();
  const held = cluster.tasks('web').filter(({ task }) => task.desiredState === 'ready');
  assert.equal(held.length, 2);
  assert.ok(held.every(({ task, status }) => task.nodeId === 'node2' && status.state === 'ready'));
  cluster.agent('node1').stubborn = false;
  await cluster.settle();
  assert.equal(cluster.running('web').filter(({ task }) => task.nodeId === 'node2').length, 4);
});

test('so many ended tasks of a place are remembered as the cluster says, less as soon as it says less', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  await cluster.create('web', replicated(1));
  await cluster.settle();
  for (let round = 0; round < 8; round += 1) {
    const [current] = cluster.running('web');
    cluster.agent('node1').end(current?.task.id ?? '', 'failed', `successor${round}`);
    await cluster.settle();
  }
  const { commands, queries } = cluster.manager;
  const { version, spec } = queries.cluster();
  const ended = () => cluster.tasks('web').filter(({ task }) => task.desiredState === 'shutdown');
  assert.equal(ended().length, spec.taskHistoryLimit);
  assert.ok(ended().some(({ task }) => task.id === 'successor6'));
  assert.equal(cluster.running('web').length, 1);
  await commands.updateCluster(version, { ...spec, taskHistoryLimit: 2 });
  await cluster.settle();
  assert.deepEqual(
    ended()
      .map(({ task }) => task.id)
      .toSorted(),
    ['successor5', 'successor6'],
  );
});

test('a place that waits for what an agent started by itself is filled as soon as that ends', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('web', replicated(1));
  await cluster.settle();
  const [old] = cluster.running('web');
  const nodeId = old?.task.nodeId ?? '';
  const taskId = old?.task.id as TaskId;
  const stray = 'stray' as TaskId;
  const tell = (id: TaskId, state: 'running' | 'failed' | 'shutdown', successor?: TaskId) =>
    cluster.store.observe((soft) =>
      soft.put('taskStatus', id, {
        taskId: id,
        nodeId: nodeId as NodeId,
        state,
        timestamp: 0,
        message: '',
        ready: false,
        containers: [],
        ...(successor === undefined ? {} : { successor }),
      }),
    );
  cluster.agent(nodeId).stubborn = true;
  await cluster.setAvailability(nodeId, 'drain');
  await cluster.settle();
  tell(stray, 'running');
  tell(taskId, 'failed', stray);
  await cluster.settle();
  assert.equal(cluster.running('web').length, 0);
  tell(stray, 'shutdown');
  await cluster.settle();
  assert.equal(cluster.running('web').length, 1);
});

test('what an agent restarted in place is adopted with its addresses', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { id: networkId } = await cluster.manager.commands.createNetwork({ name: 'net', driver: 'overlay' });
  const network = cluster.manager.queries.network(networkId);
  await cluster.create('web', {
    task: { containers: [{ name: 'main', image: 'app:1' }], networks: [{ networkId: network.id }] },
  });
  await cluster.settle();
  const [first] = cluster.running('web');
  assert.ok(first !== undefined);
  cluster.agent('node1').end(first.task.id, 'failed', 'successor1');
  await cluster.settle();
  const [second] = cluster.running('web');
  assert.equal(second?.task.id, 'successor1');
  assert.equal(second.task.predecessor, first.task.id);
  assert.deepEqual(second.task.addresses, first.task.addresses);
  assert.equal(cluster.manager.queries.task(first.task.id).task.desiredState, 'shutdown');
  assert.deepEqual(cluster.errors, []);
});

test('an image that cannot be had is tried again with a growing pause', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  cluster.behaviours.set('app:1', 'reject');
  await cluster.create('web');
  await cluster.pass(8_000);
  const attempts = cluster.tasks('web').map(({ task }) => task.attempt ?? 0);
  assert.deepEqual(
    attempts.toSorted((left, right) => left - right),
    [0, 1, 2, 3, 4, 5],
  );
  cluster.behaviours.set('app:1', 'run');
  await cluster.pass(20_000);
  assert.equal(cluster.running('web').length, 1);
});

test('a global service has one task per node, also on nodes that come later', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('agent', { mode: { kind: 'global' } });
  await cluster.settle();
  assert.equal(cluster.running('agent').length, 2);
  await cluster.addNode('node3');
  await cluster.settle();
  assert.equal(cluster.running('agent').length, 3);
  cluster.setNodeState('node1', 'down');
  await cluster.settle();
  assert.equal(cluster.manager.queries.service('agent').running, 2);
  const before = cluster.agent('node1').running();
  cluster.setNodeState('node1', 'ready');
  await cluster.settle();
  assert.deepEqual(cluster.agent('node1').running(), before, 'it was not restarted for nothing');
  await cluster.setAvailability('node2', 'drain');
  await cluster.settle();
  assert.deepEqual(new Set(cluster.running('agent').map(({ task }) => task.nodeId)), new Set(['node1', 'node3']));
});

test('a job runs to completion so often, so many at a time', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  await cluster.create('job', { mode: { kind: 'replicated-job', maxConcurrent: 2, totalCompletions: 5 } });
  await cluster.settle();
  let most = 0;
  for (let done = 0; done < 5; done += 1) {
    const active = cluster.tasks('job').filter(({ status }) => status.state === 'running');
    most = Math.max(most, active.length);
    const { task } = active[0] ?? assert.fail('nothing runs');
    cluster.agent(task.nodeId ?? '').end(task.id, 'complete');
    await cluster.settle();
  }
  assert.equal(most, 2);
  assert.equal(cluster.manager.queries.service('job').completed, 5);
  assert.equal(cluster.tasks('job').length, 5);
});

test('a service waits for its dependencies, and only at first', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  cluster.behaviours.set('slow:1', 'unhealthy');
  await cluster.create('web', { dependsOn: [{ service: 'db', condition: 'healthy' }] });
  await cluster.settle();
  assert.equal(cluster.tasks('web')[0]?.status.message, 'waiting for db to be created');
  await cluster.create('db', { task: { containers: [{ name: 'main', image: 'slow:1' }] } });
  await cluster.settle();
  assert.equal(cluster.tasks('web')[0]?.status.message, 'waiting for db to be healthy');
  assert.equal(cluster.manager.queries.explain('web.1').summary, 'It waits for db to be healthy.');
  const agent = cluster.agent('node1');
  const [db] = cluster.running('db');
  assert.ok(db !== undefined);
  agent.tell([{ ...db.status, ready: true }]);
  await cluster.settle();
  assert.equal(cluster.running('web').length, 1);
  agent.tell([{ ...db.status, ready: false }]);
  await cluster.manager.commands.scaleService('web', 2);
  await cluster.settle();
  assert.equal(cluster.running('web').length, 2);
});

test('what a removed node held is given to others at once', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const ipam = { configs: [{ subnet: '10.77.0.0/29' }] };
  const { id } = await cluster.manager.commands.createNetwork({ name: 'net', driver: 'overlay', ipam });
  const { id: networkId } = cluster.manager.queries.network(id);
  const task = { containers: [{ name: 'main', image: 'app:1' }], networks: [{ networkId }] };
  await cluster.create('web', { ...replicated(4), task });
  await cluster.settle();
  assert.equal(cluster.running('web').length, 4);
  await cluster.manager.commands.removeNode('node2', true);
  cluster.agents.delete('node2');
  await cluster.settle();
  assert.equal(cluster.running('web').length, 4);
});

const web = (networkId: string, more: object = {}) => ({
  ...replicated(2),
  task: {
    containers: [{ name: 'main', image: 'app:1' }],
    networks: [{ networkId: networkId as never, aliases: ['www'] }],
  },
  ...more,
});

test('a service has an address of its own, which its names lead to; by round robin they lead to its tasks', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { commands, queries } = cluster.manager;
  const ipam = { configs: [{ subnet: '10.77.0.0/24' }] };
  const { id: networkId } = await commands.createNetwork({ name: 'net', driver: 'overlay', ipam });
  const namesOf = (kind: string) =>
    [...cluster.agent('node1').assignments.values()].flatMap((item) =>
      item.kind === kind && 'names' in item ? [[...item.names]] : [],
    );
  await cluster.create('web', web(networkId));
  await cluster.settle();
  assert.deepEqual(queries.service('web').virtualIps, [{ networkId, address: '10.77.0.2/24' }]);
  assert.deepEqual(namesOf('vip'), [['web', 'www']]);
  assert.deepEqual(namesOf('endpoint'), [
    ['tasks.web', 'tasks.www'],
    ['tasks.web', 'tasks.www'],
  ]);
  const update = async (mode: 'vip' | 'dnsrr') => {
    const { service } = queries.service('web');
    await commands.updateService('web', service.version, { ...service.spec, endpoint: { mode } });
    await cluster.settle();
  };
  const tasks = cluster.running('web').map(({ task }) => task.id);
  await update('dnsrr');
  assert.deepEqual(queries.service('web').virtualIps, []);
  assert.deepEqual(namesOf('vip'), []);
  assert.deepEqual(namesOf('endpoint'), [
    ['web', 'tasks.web', 'www'],
    ['web', 'tasks.web', 'www'],
  ]);
  await update('vip');
  assert.equal(queries.service('web').virtualIps.length, 1);
  assert.deepEqual(
    cluster.running('web').map(({ task }) => task.id),
    tasks,
  );
});

test('an address that a plan or a refused change was given is free again, and a full network is made up for', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const ipam = { configs: [{ subnet: '10.77.0.0/29' }] };
  const { id: networkId } = await commands.createNetwork({ name: 'net', driver: 'overlay', ipam });
  // Five addresses: one for each service, two for each one's tasks.
  await cluster.create('web', web(networkId));
  await cluster.settle();
  for (let round = 0; round < 9; round += 1) {
    const services = [{ name: 'app_web', ...web(networkId) }];
    const stack = { name: 'app', services, networks: [], secrets: [], configs: [] };
    await commands.planStack(stack, { prune: false });
    await assert.rejects(commands.createService({ name: 'web', ...web(networkId) }), { code: 'already-exists' });
  }
  await cluster.create('next', web(networkId));
  await cluster.settle();
  assert.equal(queries.service('next').virtualIps.length, 1);
  assert.equal(cluster.running('next').length, 1);
  await cluster.create('last', web(networkId, replicated(0)));
  await cluster.settle();
  assert.deepEqual(queries.service('last').virtualIps, []);
  await commands.removeService('next');
  await cluster.settle();
  assert.equal(queries.service('last').virtualIps.length, 1);
});
