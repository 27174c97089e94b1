import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '../../client/client.ts';
import { TuttiError } from '../../model/errors.ts';
import type { NodeView, TaskView } from '../../model/native.ts';
import { fakeSession } from '../testing/session.ts';
import { drain, drainProgress } from './drain.ts';

const task = (id: string, more: Partial<TaskView> = {}): TaskView => ({
  id,
  name: 'shop_web.1',
  service: 'shop_web',
  serviceId: 's',
  slot: 1,
  node: 'n2',
  nodeId: 'two',
  image: 'i',
  state: 'running',
  desiredState: 'running',
  since: 0,
  message: '',
  ready: true,
  addresses: [],
  ...more,
});
const old = task('old');
const stopped = task('old', { state: 'shutdown', desiredState: 'shutdown' });
const next = (more: Partial<TaskView> = {}) => task('next', { node: 'n1', nodeId: 'one', ...more });
const pending = next({ state: 'pending', message: 'no suitable node (1 is drained)' });

const shapes: readonly (readonly [string, TaskView[], TaskView[], string])[] = [
  ['it stops', [old], [task('old', { desiredState: 'shutdown' }), next({ state: 'starting' })], 'stopping starting'],
  ['it runs elsewhere', [old], [stopped, next()], 'moved'],
  ['it ran to its end elsewhere', [old], [stopped, next({ state: 'complete' })], 'moved'],
  ['it has no place', [old], [stopped, pending], 'placeless'],
  ['it has not been looked at', [old], [stopped, next({ state: 'pending' })], 'starting'],
  ['what failed elsewhere has a successor', [old], [next({ state: 'failed' }), next({ id: 'c' } as never)], 'moved'],
  ['what failed elsewhere has none', [old], [stopped, next({ state: 'failed' })], 'unreplaced'],
  ['its service went', [old], [], 'unreplaced'],
  ['it was going anyway', [task('old', { desiredState: 'shutdown' })], [stopped], ''],
  ['it is one of every node', [task('old', { slot: undefined } as never)], [stopped], ''],
];
for (const [name, leaving, now, expected] of shapes) {
  test(`a task of a drained node: ${name}`, () => {
    const progress = drainProgress(leaving, now);
    const found = Object.entries(progress).flatMap(([kind, tasks]) => (tasks.length > 0 ? [kind] : []));
    assert.equal(found.join(' '), expected);
  });
}

const node: NodeView = {
  id: 'two',
  name: 'n2',
  hostname: 'n2',
  role: 'worker',
  availability: 'active',
  state: 'ready',
  message: '',
  since: 0,
  address: '10.0.0.2',
  leader: false,
  engineVersion: '28',
  labels: {},
  cpus: 1,
  memoryBytes: 1,
  running: 1,
};

/** Drains a node whose service's tasks are the given ones, look after look; the last stays. */
const run = async (looks: readonly TaskView[][], more: { json?: boolean; detach?: boolean; state?: 'down' } = {}) => {
  const { json = false, detach = false, state = 'ready' } = more;
  const now: NodeView = { ...node, state };
  let look = 0;
  const client: Partial<Client> = {
    node: async () => now,
    changeNode: async () => ({ ...now, availability: 'drain' }),
    tasks: async ({ service }) => (service === undefined ? [old] : (looks[look++] ?? looks.at(-1) ?? [])),
  };
  const { session, written } = fakeSession(client, { json });
  const started = written.now;
  const fault = await drain(session, 'n2', { detach, timeout: 60_000 }).then(
    () => undefined,
    (thrown: unknown) => TuttiError.from(thrown),
  );
  return { ...written, fault, took: written.now - started };
};

test('a drain waits until the tasks run elsewhere, and shows how far it is', async () => {
  const { stdout, stderr, fault } = await run([[old], [stopped, next({ state: 'starting' })], [stopped, next()]]);
  assert.equal(fault, undefined);
  assert.equal(stdout, 'n2 is drained: 1 task stopped, 1 runs elsewhere\n');
  assert.equal(
    stderr,
    'n2: 0/1 stopped, 0/1 running elsewhere\nn2: 1/1 stopped, 0/1 running elsewhere\nn2: 1/1 stopped, 1/1 running elsewhere\n',
  );
});

test('a task without another place is told with its reason, and is not waited for', async () => {
  const { stdout, fault, took } = await run([[stopped, pending]], { json: true });
  assert.equal(fault?.code, 'deadline-exceeded');
  assert.match(fault.message, /^1 task has no other place yet.*\n {2}shop_web\.1: no suitable node \(1 is drained\)$/);
  assert.ok(took < 5000);
  const { placeless, moved } = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([placeless, moved], [[{ task: 'shop_web.1', reason: pending.message }], []]);
});

test('time runs out: what has not stopped is named', async () => {
  const { fault, took } = await run([[old]]);
  assert.equal(fault?.code, 'deadline-exceeded');
  assert.match(fault.message, /^n2 is not drained yet:\n {2}shop_web\.1 has not stopped on n2$/);
  assert.ok(took >= 60_000);
});

test('time runs out while the reasons change: they are named', async () => {
  const looks = Array.from({ length: 400 }, (_, index) => [
    stopped,
    next({ state: 'pending', message: `reason ${index}` }),
  ]);
  const { fault, took } = await run(looks);
  assert.match(fault?.message ?? '', /^n2 is not drained yet:\n {2}shop_web\.1: reason \d+$/);
  assert.ok(took >= 60_000);
});

test('detached it does not wait; a machine that is gone is not waited for either', async () => {
  const detached = await run([[old]], { detach: true });
  assert.equal(detached.stdout, 'n2 is being drained\n');
  assert.equal(detached.took, 0);
  const gone = await run([[old]], { state: 'down' });
  assert.equal(gone.took, 0);
  assert.match(gone.stderr, /^warning: n2 is down: its tasks are replaced, but not seen to stop\n/);
});
