import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedTask, fakeNode, fakeSelf } from '../../../test/fakes/engine/node.ts';
import type { FakeNode, TaskFields } from '../../../test/fakes/engine/node.ts';
import type { ConfigId, SecretId, TaskId } from '../../model/ids.ts';

/** The container of a task, which must be the only one. */
function containerOf(node: FakeNode, taskId: string) {
  const found = [...node.engine.containers.values()].filter(({ body }) => body.Labels?.['tutti.task'] === taskId);
  assert.equal(found.length, 1, `task ${taskId} has one container`);
  return found[0] as NonNullable<(typeof found)[0]>;
}

const statesOf = (node: FakeNode, taskId: string): string[] => {
  const states = node.told.filter((told) => told.taskId === taskId).map(({ state }) => state);
  return states.filter((state, index) => state !== states[index - 1]);
};

async function running(fields: TaskFields = {}, options: Parameters<typeof fakeNode>[0] = {}): Promise<FakeNode> {
  const node = fakeNode(options);
  node.assign(assignedTask('a', fields));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'running');
  return node;
}

test('a task goes through its states and costs one create and one start', async () => {
  const node = await running();
  assert.deepEqual(statesOf(node, 'a'), ['preparing', 'starting', 'running']);
  assert.equal(node.state('a')?.ready, true);
  assert.equal(node.engine.calls['create'], 1);
  assert.equal(node.engine.calls['start'], 1);
  // Its process id, learned when all was quiet.
  assert.equal(node.engine.calls['inspect'], 1);
  assert.equal(containerOf(node, 'a').name, 'web.1.a');
});

test('nothing is touched before the first assignments, and what is unknown then is stopped and removed', async () => {
  const node = fakeNode();
  const { id } = await Promise.all([
    node.engine.createContainer('stray', { Image: 'tiny', Labels: { 'tutti.task': 'gone' } }),
    node.pass(1_000),
  ]).then(([made]) => made);
  await Promise.all([node.engine.startContainer(id), node.pass(60_000)]);
  assert.equal(node.engine.containers.get(id)?.state, 'running');
  node.assign();
  await node.pass(1_000);
  assert.equal(node.engine.containers.size, 0);
});

test('a task that leaves the set is withdrawn, stopped and removed', async () => {
  const node = await running();
  node.told.length = 0;
  node.assign();
  await node.pass(1_000);
  assert.deepEqual(
    [node.told[0], node.told.at(-1)].map((told) => [told?.state, told?.ready]),
    [
      ['running', false],
      ['shutdown', false],
    ],
  );
  assert.equal(node.engine.containers.size, 0);
  assert.deepEqual(node.worker().observations(), []);
});

test('a task has stopped when the engine says that its container died, not when the call returns', async () => {
  const node = await running({}, { latency: { stop: 20_000 } });
  node.assign(assignedTask('a', { desiredState: 'shutdown' }));
  await node.pass(9_000);
  assert.equal(node.state('a')?.state, 'running');
  await node.pass(2_000);
  assert.equal(node.state('a')?.state, 'shutdown');
  assert.equal(node.state('a')?.containers[0]?.exitCode, 0);
});

test('desired shutdown keeps the container for its logs, desired remove does not', async () => {
  const node = await running();
  node.assign(assignedTask('a', { desiredState: 'shutdown' }));
  await node.pass(1_000);
  assert.equal(node.state('a')?.state, 'shutdown');
  assert.equal(containerOf(node, 'a').state, 'exited');
  node.assign(assignedTask('a', { desiredState: 'remove' }));
  await node.pass(1_000);
  assert.equal(node.engine.containers.size, 0);
  assert.equal(node.state('a')?.state, 'shutdown');
});

test('desired ready prepares and waits', async () => {
  const node = fakeNode();
  node.assign(assignedTask('a', { desiredState: 'ready' }));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'ready');
  assert.equal(containerOf(node, 'a').state, 'created');
  node.assign(assignedTask('a'));
  await node.pass(1_000);
  assert.equal(node.state('a')?.state, 'running');
});

test('a crash is succeeded at once, then with growing pauses; history names the successor', async () => {
  const node = await running();
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(200);
  assert.equal(node.state('a')?.state, 'failed');
  assert.equal(node.state('a')?.error, 'task: non-zero exit (1)');
  const b = node.state('a')?.successor ?? '';
  assert.equal(node.state(b)?.state, 'running');
  assert.equal(containerOf(node, b).body.Labels?.['tutti.predecessor'], 'a');
  node.engine.exit(containerOf(node, b).id, 1);
  await node.pass(200);
  const c = node.state(b)?.successor ?? '';
  assert.equal(node.state(c)?.state, 'ready');
  await node.pass(600);
  assert.equal(node.state(c)?.state, 'running');
});

test('a restart that comes before the engine has taken the address back is tried again at once, by the same task', async () => {
  const node = await running();
  node.engine.failNext('start', 'unavailable', 'Address already in use', 2);
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(400);
  const b = node.state('a')?.successor ?? '';
  assert.deepEqual([node.state(b)?.state, node.state(b)?.successor], ['running', undefined]);
});

test('so many ended containers stay for their logs as the cluster keeps tasks in its history', async () => {
  const node = await running();
  const ended = () => [...node.engine.containers.values()].filter(({ state }) => state === 'exited').length;
  let current = 'a';
  for (let round = 0; round < 7; round += 1) {
    node.engine.exit(containerOf(node, current).id, 1);
    await node.pass(90_000);
    current = node.state(current)?.successor ?? '';
    assert.equal(node.state(current)?.state, 'running');
  }
  assert.equal(ended(), fakeSelf.taskHistoryLimit);
  for (const taskHistoryLimit of [2, 0]) {
    node.assign({ ...fakeSelf, taskHistoryLimit }, assignedTask('a'));
    await node.pass(1_000);
    assert.equal(ended(), taskHistoryLimit);
  }
  assert.equal(node.state(current)?.state, 'running');
});

test('an ended container goes with the row of its task, though others of its place stay', async () => {
  const node = await running();
  const rows = [assignedTask('a', { desiredState: 'shutdown' }), assignedTask('b', { desiredState: 'shutdown' })];
  node.assign(assignedTask('a', { desiredState: 'shutdown' }), assignedTask('b'));
  await node.pass(5_000);
  node.assign(...rows, assignedTask('c'));
  await node.pass(5_000);
  assert.deepEqual([containerOf(node, 'a').state, containerOf(node, 'b').state], ['exited', 'exited']);
  node.assign(...rows.slice(1), assignedTask('c'));
  await node.pass(1_000);
  const left = [...node.engine.containers.values()].map(({ body }) => body.Labels?.['tutti.task']);
  assert.deepEqual(left, ['b', 'c']);
});

test("the manager's own row takes over a successor without touching it", async () => {
  const node = await running();
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(1_000);
  const b = node.state('a')?.successor ?? '';
  const { id } = containerOf(node, b);
  node.assign(assignedTask('a', { desiredState: 'shutdown' }), assignedTask(b));
  await node.pass(1_000);
  node.assign(assignedTask(b));
  await node.pass(60_000);
  assert.equal(containerOf(node, b).id, id);
  assert.equal(node.state(b)?.state, 'running');
  assert.equal(node.engine.calls['create'], 2);
});

test('files of a task that nothing is known of go when the agent starts', async () => {
  const node = fakeNode();
  await node.files.write('gone' as TaskId, 'main', [
    { target: '/x', data: new Uint8Array(), uid: 0, gid: 0, mode: 0o400 },
  ]);
  node.assign(assignedTask('a'));
  await node.pass(5_000);
  assert.deepEqual(await node.files.owners(), []);
});

test('a task starts when the one of its place that is not wanted any more has stopped', async () => {
  const node = await running();
  node.assign(assignedTask('b'));
  await node.pass(5_000);
  assert.equal(node.state('b')?.state, 'running');
  const started = node.told.findIndex(({ taskId, state }) => taskId === 'b' && state === 'starting');
  const stopped = node.told.findIndex(({ taskId, state }) => taskId === 'a' && state === 'shutdown');
  assert.ok(stopped >= 0 && stopped < started, `stopped ${stopped}, started ${started}`);
});

test('a task that the manager makes a row for is told again: it may have let go of what it knew', async () => {
  const node = await running();
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(1_000);
  const b = node.state('a')?.successor ?? '';
  node.told.length = 0;
  node.assign(assignedTask('a', { desiredState: 'shutdown' }), assignedTask(b));
  assert.deepEqual(
    node.told.map(({ taskId, state }) => [taskId, state]),
    [[b, 'running']],
  );
});

test('a successor ends with the task that it goes back to', async () => {
  const node = await running();
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(1_000);
  const b = node.state('a')?.successor ?? '';
  node.assign(assignedTask('a', { desiredState: 'shutdown' }));
  await node.pass(1_000);
  assert.equal(node.state(b)?.state, 'shutdown');
});

test('an unhealthy task is withdrawn, stopped and succeeded', async () => {
  const node = await running({ container: { healthcheck: { test: ['CMD', 'true'] } } });
  node.told.length = 0;
  node.engine.setHealth(containerOf(node, 'a').id, 'unhealthy');
  await node.pass(500);
  assert.equal(node.told[0]?.ready, false);
  assert.equal(node.state('a')?.state, 'failed');
  assert.equal(node.state('a')?.error, 'unhealthy container');
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
});

test('a task with a health check is starting until it is healthy', async () => {
  const node = fakeNode({ healthyAfterMs: 2_000 });
  node.assign(assignedTask('a', { container: { healthcheck: { test: ['CMD', 'true'] } } }));
  await node.pass(1_500);
  assert.equal(node.state('a')?.state, 'starting');
  await node.pass(1_000);
  assert.equal(node.state('a')?.state, 'running');
});

test("an image's own health check counts", async () => {
  const node = fakeNode({ checkedImages: ['tiny'], healthyAfterMs: 2_000 });
  node.assign(assignedTask('a'));
  await node.pass(1_500);
  assert.equal(node.state('a')?.state, 'starting');
  await node.pass(1_000);
  assert.equal(node.state('a')?.state, 'running');
});

test('restart policies: none, on-failure, a limit, the delay that the user gave', async () => {
  const none = await running({ spec: { restart: { condition: 'none' } } });
  none.engine.exit(containerOf(none, 'a').id, 1);
  await none.pass(60_000);
  assert.equal(none.state('a')?.successor, undefined);

  const onFailure = await running({ spec: { restart: { condition: 'on-failure' } } });
  onFailure.engine.exit(containerOf(onFailure, 'a').id, 0);
  await onFailure.pass(60_000);
  assert.deepEqual([onFailure.state('a')?.state, onFailure.state('a')?.successor], ['complete', undefined]);

  const limited = await running({ spec: { restart: { maxAttempts: 1 } } });
  limited.engine.exit(containerOf(limited, 'a').id, 1);
  await limited.pass(1_000);
  const b = limited.state('a')?.successor ?? '';
  limited.engine.exit(containerOf(limited, b).id, 1);
  await limited.pass(120_000);
  assert.deepEqual([limited.state(b)?.state, limited.state(b)?.successor], ['failed', undefined]);

  const delayed = await running({ spec: { restart: { delayMs: 5_000 } } });
  delayed.engine.exit(containerOf(delayed, 'a').id, 1);
  await delayed.pass(4_000);
  const successor = delayed.state('a')?.successor ?? '';
  assert.equal(delayed.state(successor)?.state, 'ready');
  await delayed.pass(2_000);
  assert.equal(delayed.state(successor)?.state, 'running');
});

test('a job that ended well is complete and not started again', async () => {
  const node = fakeNode();
  node.assign(
    assignedTask('a', { job: true, desiredState: 'complete', container: { command: ['sh', '-c', 'sleep 1; exit 0'] } }),
  );
  await node.pass(60_000);
  assert.deepEqual([node.state('a')?.state, node.state('a')?.successor], ['complete', undefined]);
  node.restartAgent();
  await node.pass(60_000);
  assert.equal(node.engine.calls['start'], 1);
});

test('a missing image is pulled once for all, an unknown one is refused with the reason', async () => {
  const node = fakeNode({ registry: ['app:1'] });
  node.assign(
    assignedTask('a', { container: { image: 'app:1' } }),
    assignedTask('b', { slot: 2, container: { image: 'app:1' } }),
    assignedTask('c', { slot: 3, container: { image: 'nope:1' } }),
    assignedTask('d', { slot: 4, container: { image: 'nope:1', pullPolicy: 'never' } }),
  );
  await node.pass(10_000);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((id) => node.state(id)?.state),
    ['running', 'running', 'rejected', 'rejected'],
  );
  assert.match(node.state('c')?.error ?? '', /nope:1/);
  assert.equal(node.engine.calls['pull'], 2);
});

test('an image that a task mounts is brought there, too', async () => {
  const mounts = [{ type: 'image' as const, source: 'data:1', target: '/data' }];
  const node = await running({ container: { image: 'app:1', mounts } }, { registry: ['app:1', 'data:1'] });
  assert.deepEqual([...node.engine.images].toSorted(), ['app:1', 'data:1', 'tiny']);
  const unknown = [{ ...mounts[0], source: 'nope:1' } as (typeof mounts)[0]];
  node.assign(assignedTask('b', { slot: 2, container: { mounts: unknown } }));
  await node.pass(10_000);
  assert.equal(node.state('b')?.state, 'rejected');
  assert.match(node.state('b')?.error ?? '', /No such image: nope:1/);
});

test('one image that is missing is fetched alone: what the engine has is enough for the others', async () => {
  const mount = (source: string) => ({ type: 'image' as const, source, target: `/${source}` });
  const mounts = [mount('data:1'), mount('sha256:tiny')];
  const inRegistry = { fetch: () => Promise.resolve({ kind: 'pull' as const }) };
  const images = ['tiny', 'other', 'sha256:tiny'];
  const node = fakeNode({ images, registry: ['data:1', 'tiny', 'other'] }, inRegistry);
  node.assign(assignedTask('a', { container: { mounts } }));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'running', node.state('a')?.error);
  assert.equal(node.engine.calls['pull'], 1);
  node.engine.images.delete('data:1');
  const containers = [
    { name: 'app', image: 'tiny', pullPolicy: 'never' as const },
    { name: 'sidecar', image: 'other', mounts },
  ];
  node.assign(assignedTask('b', { slot: 2, spec: { containers } }));
  await node.pass(5_000);
  assert.equal(node.state('b')?.state, 'running', node.state('b')?.error);
  assert.equal(node.engine.calls['pull'], 2);
  node.assign(assignedTask('c', { slot: 3, container: { image: 'sha256:tiny', pullPolicy: 'always' } }));
  await node.pass(5_000);
  assert.equal(node.state('c')?.state, 'running', node.state('c')?.error);
  assert.equal(node.engine.calls['pull'], 2);
});

test('an image that is always pulled is, though another container mounts it; others are when they are missing', async () => {
  const mounts = ['tiny', 'data:1'].map((source) => ({ type: 'image' as const, source, target: '/data' }));
  const node = fakeNode({ images: ['tiny', 'data:1'], registry: ['tiny', 'data:1'] });
  const containers = [
    { name: 'app', image: 'tiny', pullPolicy: 'always' as const },
    { name: 'sidecar', image: 'data:1', mounts },
  ];
  node.assign(assignedTask('a', { spec: { containers } }));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'running', node.state('a')?.error);
  assert.equal(node.engine.calls['pull'], 1);
});

test('always pulling makes do with what is there, and a restart in place does not pull', async () => {
  const node = await running({ container: { pullPolicy: 'always' } });
  assert.equal(node.engine.calls['pull'], 1);
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(1_000);
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
  assert.equal(node.engine.calls['pull'], 1);
});

test('a failed start is failed without a successor: the manager may place it elsewhere', async () => {
  const node = fakeNode();
  const port = { protocol: 'tcp', target: 80, published: 8080, mode: 'host' } as const;
  node.assign(assignedTask('a', { hostPorts: [port] }), assignedTask('b', { slot: 2, hostPorts: [port] }));
  await node.pass(60_000);
  const states = [node.state('a'), node.state('b')];
  assert.equal(states.filter((state) => state?.state === 'running').length, 1);
  assert.match(states.find((state) => state?.state === 'failed')?.error ?? '', /already allocated/);
  assert.deepEqual(states.find((state) => state?.state === 'running')?.hostPorts, [
    { protocol: 'tcp', target: 80, published: 8080 },
  ]);
});

test('a full disk refuses new tasks with the reason and leaves the others alone', async () => {
  const node = await running();
  node.engine.setDiskFull(true);
  node.assign(assignedTask('a'), assignedTask('b', { slot: 2 }));
  await node.pass(60_000);
  assert.equal(node.state('a')?.state, 'running');
  assert.equal(node.state('b')?.state, 'rejected');
  assert.match(node.state('b')?.error ?? '', /no space left/);
});

test('an engine that hangs does not hang the agent: reason told, gone on with afterwards, nothing twice', async () => {
  const node = await running();
  node.engine.hang();
  node.assign(assignedTask('a'), assignedTask('b', { slot: 2 }));
  await node.pass(40_000);
  assert.equal(node.state('b')?.state, 'preparing');
  assert.match(node.state('b')?.message ?? '', /did not answer/);
  node.engine.resume();
  await node.pass(60_000);
  assert.equal(node.state('b')?.state, 'running');
  containerOf(node, 'b');
});

test('a create whose answer was lost is found by its name', async () => {
  const node = fakeNode({ latency: { create: 1_000 } });
  node.assign(assignedTask('a'));
  // The request was done half way through; the connection breaks before the answer.
  await node.pass(700);
  node.engine.powerOff();
  node.engine.powerOn();
  await node.pass(30_000);
  assert.equal(node.state('a')?.state, 'running');
  assert.equal(node.engine.containers.size, 1);
});

test('a killed agent adopts its containers, with and without its records', async () => {
  for (const lose of [false, true]) {
    const node = await running();
    node.engine.exit(containerOf(node, 'a').id, 1);
    await node.pass(5_000);
    const b = node.state('a')?.successor ?? '';
    if (lose) node.records.current = [];
    node.restartAgent();
    await node.pass(60_000);
    assert.equal(node.state(b)?.state, 'running', `records lost: ${lose}`);
    assert.equal(node.state('a')?.successor, b);
    assert.equal(node.engine.calls['create'], 2);
    assert.equal(node.engine.calls['start'], 2);
  }
});

test('an agent killed at any moment of a start or a restart leaves one running task and nothing else', async () => {
  for (let at = 0; at < 400; at += 7) {
    const node = fakeNode();
    node.assign(assignedTask('a'));
    await node.pass(at);
    node.restartAgent();
    await node.pass(30_000);
    const first = [...node.engine.containers.values()].find(({ state }) => state === 'running');
    assert.ok(first, `killed at ${at}`);
    node.engine.exit(first.id, 1);
    await node.pass(at);
    node.restartAgent();
    await node.pass(120_000);
    const states = [...node.engine.containers.values()].map(({ state }) => state);
    assert.deepEqual(states.toSorted(), ['exited', 'running'], `killed at ${at}`);
    const alive = node
      .worker()
      .observations()
      .filter(({ state }) => state === 'running');
    assert.equal(alive.length, 1, `killed at ${at}`);
  }
});

test('a lineage that goes on without the manager is remembered in part only', async () => {
  const node = await running();
  node.engine.setDiskFull(true);
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(3_600_000);
  assert.ok(node.worker().observations().length < 20);
  assert.ok((node.engine.calls['create'] ?? 0) < 80);
  node.engine.setDiskFull(false);
  await node.pass(100_000);
  let last = node.state('a');
  while (last?.successor !== undefined) last = node.state(last.successor);
  assert.equal(last?.state, 'running');
});

test('a machine that lost power starts everything again as successors', async () => {
  const node = await running();
  node.engine.powerOff();
  await node.pass(10_000);
  assert.equal(node.state('a')?.state, 'running');
  node.engine.powerOn();
  await node.pass(20_000);
  assert.equal(node.state('a')?.state, 'failed');
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
});

test('events that were missed are made up for by the comparison', async () => {
  const node = await running();
  node.engine.breakEvents();
  node.engine.exit(containerOf(node, 'a').id, 2);
  await node.pass(2_000);
  assert.equal(node.state('a')?.error, 'task: non-zero exit (2)');
});

test('a container whose end the engine did not see is said to be lost with it, not to have failed', async () => {
  const node = await running();
  node.engine.breakEvents();
  node.engine.exit(containerOf(node, 'a').id, 255);
  await node.pass(2_000);
  assert.equal(node.state('a')?.error, 'lost when its node or engine went down (exit code 255)');
});

test('a container that somebody removed is replaced', async () => {
  const node = await running();
  await Promise.all([node.engine.removeContainer(containerOf(node, 'a').id), node.pass(5_000)]);
  assert.equal(node.state('a')?.state, 'failed');
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
});

test('a container that somebody removed before the call that started it came back is not taken for one that runs', async () => {
  const containers = [
    { name: 'app', image: 'tiny' },
    { name: 'sidecar', image: 'tiny' },
  ];
  const node = fakeNode({
    onStart: ({ id, name }, engine) => {
      if (name === 'web.1.a.sidecar') void engine.removeContainer(id);
    },
  });
  node.assign(assignedTask('a', { spec: { containers } }));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'failed');
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
});

test('secrets and configs are waited for, mounted read-only, and there again without a manager', async () => {
  const secrets = [{ secretId: 's1' as SecretId, secretName: 'password', target: 'password' }];
  const configs = [{ configId: 'c1' as ConfigId, configName: 'conf', target: '/etc/conf' }];
  const task = assignedTask('a', { container: { secrets, configs } });
  const node = fakeNode();
  node.assign(task);
  await node.pass(1_000);
  assert.match(node.state('a')?.message ?? '', /waiting for the manager to send secret password, config conf/);
  node.assign(
    task,
    { kind: 'secret', id: 's1', name: 'password', data: 'aGVsbG8=' },
    { kind: 'config', id: 'c1', name: 'conf', data: 'aGVsbG8=' },
  );
  await node.pass(1_000);
  assert.equal(node.state('a')?.state, 'running');
  const mounts = containerOf(node, 'a').body.HostConfig?.Mounts ?? [];
  assert.deepEqual(
    mounts.map(({ Target, ReadOnly }) => [Target, ReadOnly]),
    [
      ['/run/secrets/password', true],
      ['/etc/conf', true],
    ],
  );
  node.assign(task);
  node.restartAgent();
  await node.pass(1_000);
  node.engine.exit(containerOf(node, 'a').id, 1);
  await node.pass(1_000);
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
});

test('a pod shares the network of its first container and ends as one', async () => {
  const containers = [
    { name: 'app', image: 'tiny' },
    { name: 'sidecar', image: 'tiny' },
  ];
  const node = fakeNode();
  node.assign(assignedTask('a', { spec: { containers } }));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'running');
  const [app, sidecar] = [...node.engine.containers.values()];
  assert.equal(sidecar?.body.HostConfig?.NetworkMode, `container:${app?.id}`);
  assert.equal(sidecar?.name, 'web.1.a.sidecar');
  node.engine.exit(sidecar?.id ?? '', 3);
  await node.pass(5_000);
  assert.equal(node.state('a')?.error, 'task: non-zero exit (3)');
  assert.equal(app?.state, 'exited');
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
});

test('states of every task only move forward, whatever happens', async () => {
  const node = await running({ container: { healthcheck: { test: ['CMD', 'true'] } } });
  let current = 'a' as TaskId | undefined;
  for (let round = 0; round < 5 && current !== undefined; round += 1) {
    const { id } = containerOf(node, current);
    if (round % 2 === 0) node.engine.setHealth(id, 'unhealthy');
    else node.engine.exit(id, 1);
    await node.pass(100_000);
    current = node.state(current)?.successor;
  }
  const order = ['accepted', 'preparing', 'ready', 'starting', 'running', 'failed'];
  for (const taskId of new Set(node.told.map((told) => told.taskId))) {
    const ranks = statesOf(node, taskId).map((state) => order.indexOf(state));
    assert.deepEqual(
      ranks,
      ranks.toSorted((a, b) => a - b),
    );
  }
});
