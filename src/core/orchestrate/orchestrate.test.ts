import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { NodeId, ServiceId, TaskId } from '../../model/ids.ts';
import type { RestartPolicy, Service, ServiceMode } from '../../model/service.ts';
import type { Task, TaskState, TaskStatus } from '../../model/task.ts';
import { Draft } from '../task/draft.ts';
import type { TaskAction } from '../task/draft.ts';
import { isWanted } from '../task/known.ts';
import type { KnownTask, ServiceState, Standing } from '../task/known.ts';
import { beyondHistory, endingOf } from './history.ts';
import { orchestrate } from './orchestrate.ts';
import { byMerit } from './replace.ts';
import { restartOf } from './restart.ts';
import { slotsToRemove } from './scale.ts';

const stored = { version: 1, createdAt: 0, updatedAt: 0 };
const spec = { containers: [{ name: 'main', image: 'a' }] };

const aService = (mode: ServiceMode): Service => ({
  ...stored,
  id: 's' as ServiceId,
  spec: { name: 'web', task: spec, mode },
  specVersion: 1,
  ports: [],
});

const aTask = (
  id: string,
  state: TaskState,
  more: Partial<Task> = {},
  status: Partial<TaskStatus> = {},
): KnownTask => ({
  task: {
    ...stored,
    id: id as TaskId,
    serviceId: 's' as ServiceId,
    serviceName: 'web',
    slot: 1,
    nodeId: 'n1' as NodeId,
    addresses: [],
    genericResources: [],
    spec,
    specVersion: 1,
    desiredState: 'running',
    ...more,
  },
  status: {
    taskId: id as TaskId,
    state,
    timestamp: 0,
    message: '',
    ready: state === 'running',
    containers: [],
    ...status,
  },
});

interface World {
  readonly mode?: ServiceMode;
  readonly tasks: readonly KnownTask[];
  readonly standing?: (nodeId: string) => Standing;
  readonly eligible?: readonly string[];
  readonly observed?: readonly TaskStatus[];
  readonly unmet?: string;
}

const decide = (world: World): readonly TaskAction[] => {
  let next = 0;
  const state: ServiceState = {
    service: aService(world.mode ?? { kind: 'replicated', replicas: 1 }),
    tasks: world.tasks,
    standing: world.standing ?? (() => 'active'),
    allowed: () => true,
    observed: (id) => world.observed?.find(({ taskId }) => taskId === id),
  };
  const draft = new Draft(state, { now: 1_000, nextId: () => `new${++next}` as TaskId });
  orchestrate(draft, { eligible: () => (world.eligible ?? []) as NodeId[], unmet: world.unmet });
  return draft.actions();
};

/** Actions in few words, as a person would say them. */
const said = (world: World): readonly string[] =>
  decide(world).map((action) => {
    switch (action.kind) {
      case 'create': {
        const { slot, nodeId, desiredState, attempt, notBefore, predecessor, id } = action.task;
        const extra = [
          attempt === undefined ? '' : ` attempt ${attempt}`,
          notBefore === undefined ? '' : ` at ${notBefore}`,
          predecessor === undefined ? '' : ` after ${predecessor}`,
        ];
        return `make ${id} in ${slot ?? nodeId}: ${desiredState}${extra.join('')}`;
      }
      case 'desire':
        return `${action.taskId} → ${action.desiredState}`;
      case 'wait':
        return `${action.taskId} waits for ${action.waitingFor ?? 'nothing'}`;
    }
  });

test('a service that is as it should be is left alone', () => {
  assert.deepEqual(said({ tasks: [aTask('a', 'running')] }), []);
});

test('missing slots are filled from the lowest free number', () => {
  const tasks = [aTask('b', 'running', { slot: 2 })];
  const mode = { kind: 'replicated', replicas: 3 } as const;
  assert.deepEqual(said({ mode, tasks }), ['make new1 in 1: running', 'make new2 in 3: running']);
});

test('a lost node does not hold its replacement back, a drained one does until the old task has stopped', () => {
  const tasks = [aTask('a', 'running')];
  assert.deepEqual(said({ tasks, standing: () => 'down' }), ['a → shutdown', 'make new1 in 1: running']);
  assert.deepEqual(said({ tasks, standing: () => 'gone' }), ['a → shutdown', 'make new1 in 1: running']);
  assert.deepEqual(said({ tasks, standing: () => 'drained' }), ['a → shutdown', 'make new1 in 1: ready']);
  assert.deepEqual(said({ tasks, standing: () => 'paused' }), []);
  assert.deepEqual(said({ tasks, standing: () => 'silent' }), []);
  const stopping = aTask('a', 'running', { desiredState: 'shutdown' });
  const held = aTask('b', 'ready', { desiredState: 'ready', nodeId: 'n2' as NodeId });
  assert.deepEqual(said({ tasks: [stopping, held] }), []);
  const stopped = aTask('a', 'shutdown', { desiredState: 'shutdown' });
  assert.deepEqual(said({ tasks: [stopped, held] }), ['b → running']);
});

test('what replaces a held task that could not be prepared is held too, until the place is free', () => {
  const held = aTask('b', 'rejected', { desiredState: 'ready', nodeId: 'n2' as NodeId });
  const made = (old: KnownTask) =>
    decide({ tasks: [old, held] }).flatMap((action) => (action.kind === 'create' ? [action.task.desiredState] : []));
  assert.deepEqual(made(aTask('a', 'running', { desiredState: 'shutdown' })), ['ready']);
  assert.deepEqual(made(aTask('a', 'shutdown', { desiredState: 'shutdown' })), ['running']);
});

test('a chain of successors is adopted whole', () => {
  const tasks = [aTask('a', 'failed', {}, { successor: 'b' as TaskId })];
  const observed = [aTask('b', 'failed', {}, { successor: 'c' as TaskId }).status, aTask('c', 'running').status];
  assert.deepEqual(said({ tasks, observed }), [
    'a → shutdown',
    'make b in 1: shutdown attempt 1 after a',
    'make c in 1: running attempt 2 after b',
  ]);
  const made = decide({ tasks, observed }).flatMap((action) =>
    action.kind === 'create' ? [action.task.createdAt] : [],
  );
  assert.deepEqual(made, [1_000, 1_001]);
});

test('a successor that nothing was heard of is not adopted: the task is replaced', () => {
  const actions = decide({ tasks: [aTask('a', 'failed', {}, { successor: 'b' as TaskId })] });
  const [made] = actions.flatMap((action) => (action.kind === 'create' ? [action.task] : []));
  assert.notEqual(made?.id, 'b');
  assert.equal(made?.nodeId, undefined);
  assert.equal(made?.desiredState, 'running');
});

test('a successor of a task that is not wanted is not adopted', () => {
  const tasks = [
    aTask('a', 'failed', { desiredState: 'shutdown' }, { successor: 'b' as TaskId }),
    aTask('x', 'running'),
  ];
  assert.deepEqual(said({ tasks, observed: [aTask('b', 'running').status] }), []);
});

test('of two tasks for one slot the one that is further on stays', () => {
  assert.deepEqual(said({ tasks: [aTask('a', 'preparing'), aTask('b', 'running')] }), ['a → shutdown']);
});

test('of several the ready one stays, then what runs, what has a node, what has not ended; of equals the oldest', () => {
  const at = (id: string, state: TaskState, createdAt = 0, more: Partial<Task> = {}) =>
    aTask(id, state, { createdAt, ...more });
  const { nodeId: _, ...nowhere } = aTask('nowhere', 'pending').task;
  const tasks = [
    at('ended', 'failed'),
    { ...aTask('nowhere', 'pending'), task: nowhere },
    at('preparing', 'preparing'),
    aTask('starting', 'running', {}, { ready: false }),
    at('young', 'running', 2),
    at('old', 'running', 1),
    at('alike', 'running', 2),
  ];
  const ranked = ['old', 'alike', 'young', 'starting', 'preparing', 'nowhere', 'ended'];
  assert.deepEqual(
    tasks.toSorted(byMerit).map(({ task }) => task.id),
    ranked,
  );
});

test('scaling down takes what does not run first, then evens out the nodes', () => {
  const on = (id: string, slot: number, node: string, state: TaskState = 'running') =>
    aTask(id, state, { slot, nodeId: node as NodeId });
  const slots = new Map(
    [on('a', 1, 'n1'), on('b', 2, 'n1'), on('c', 3, 'n2'), on('d', 4, 'n1'), on('e', 5, 'n2', 'starting')].map(
      (known) => [known.task.slot ?? 0, [known]] as const,
    ),
  );
  assert.deepEqual(slotsToRemove(slots, 4), [5, 4, 2, 3]);
});

test('tasks are held back until dependencies hold, but only before the first was let go', () => {
  const mode = { kind: 'replicated', replicas: 2 } as const;
  const waiting = aTask('a', 'pending', { waitingFor: 'db to be healthy' });
  assert.deepEqual(said({ tasks: [waiting], unmet: 'db to be healthy' }), []);
  assert.deepEqual(said({ tasks: [waiting] }), ['a waits for nothing']);
  const made = decide({ mode, tasks: [aTask('a', 'running')], unmet: 'db to be healthy' });
  assert.ok(made.every((action) => action.kind === 'create' && action.task.waitingFor === undefined));
  const first = decide({ tasks: [], unmet: 'db to be healthy' });
  assert.ok(first.every((action) => action.kind === 'create' && action.task.waitingFor === 'db to be healthy'));
});

test('a global task stays on a node that is down, and goes with one that is removed', () => {
  const mode = { kind: 'global' } as const;
  const { slot: _none, ...task } = aTask('a', 'running').task;
  const known = { ...aTask('a', 'running'), task };
  assert.deepEqual(said({ mode, tasks: [known], standing: () => 'down' }), []);
  assert.deepEqual(said({ mode, tasks: [known], standing: () => 'gone' }), ['a → remove']);
  assert.deepEqual(said({ mode, tasks: [known], eligible: ['n1', 'n2'] }), ['make new1 in n2: running']);
});

const restart = (state: TaskState, policy: RestartPolicy, attempt?: number, job = false) => {
  const more = { spec: { ...spec, restart: policy }, ...(attempt === undefined ? {} : { attempt }) };
  return restartOf(aTask('a', state, more), { now: 1_000, job });
};

test('the restart policy decides what comes after an end', () => {
  assert.deepEqual(restart('failed', {}), { kind: 'again', attempt: 1 });
  assert.deepEqual(restart('rejected', {}, 1), { kind: 'again', attempt: 2, notBefore: 2_000 });
  assert.deepEqual(restart('rejected', {}, 3), { kind: 'again', attempt: 4, notBefore: 5_000 });
  assert.deepEqual(restart('rejected', {}, 99), { kind: 'again', attempt: 100, notBefore: 61_000 });
  assert.deepEqual(restart('failed', { delayMs: 250 }), { kind: 'again', attempt: 1, notBefore: 1_250 });
  assert.deepEqual(restart('failed', { condition: 'none' }), { kind: 'final' });
  assert.deepEqual(restart('complete', { condition: 'on-failure' }), { kind: 'final' });
  assert.deepEqual(restart('complete', {}), { kind: 'again', attempt: 1 });
  assert.deepEqual(restart('complete', {}, undefined, true), { kind: 'final' });
  assert.deepEqual(restart('failed', { maxAttempts: 2 }, 2), { kind: 'final' });
});

const facts = { standing: () => 'active' as const, observed: () => undefined, now: 5 };

test('what ended is remembered, what was removed is forgotten, and nothing before it is over', () => {
  assert.equal(endingOf(aTask('a', 'running', { desiredState: 'remove' }), facts).kind, 'keep');
  assert.equal(endingOf(aTask('a', 'shutdown', { desiredState: 'remove' }), facts).kind, 'delete');
  assert.equal(endingOf(aTask('a', 'failed'), facts).kind, 'record');
  const { nodeId: _none, ...unplaced } = aTask('a', 'pending', { desiredState: 'shutdown' }).task;
  assert.equal(endingOf({ ...aTask('a', 'pending'), task: unplaced }, facts).kind, 'delete');
  const lost = endingOf(aTask('a', 'running'), { ...facts, standing: () => 'gone' as const });
  assert.ok(lost.kind === 'record' && lost.status.state === 'orphaned');
});

test('history keeps the newest', () => {
  const place = [1, 2, 3].map((at) => aTask(`t${at}`, 'failed', { createdAt: at, desiredState: 'shutdown' }));
  assert.deepEqual(
    beyondHistory([...place, aTask('now', 'running')], 2, facts).map(({ task }) => task.id),
    ['t1'],
  );
});

const anyTask = fc.record({
  slot: fc.integer({ min: 1, max: 5 }),
  node: fc.constantFrom(undefined, 'n1', 'n2', 'n3'),
  state: fc.constantFrom(
    'pending',
    'assigned',
    'ready',
    'running',
    'failed',
    'complete',
    'rejected',
    'shutdown',
    'orphaned',
  ),
  desired: fc.constantFrom('ready', 'running', 'shutdown', 'remove'),
  attempt: fc.nat({ max: 9 }),
});

test('from any state: exactly the wanted slots, one wanted task in each, and nothing more to decide', () => {
  fc.assert(
    fc.property(
      fc.array(anyTask, { maxLength: 14 }),
      fc.nat({ max: 6 }),
      fc.array(fc.constantFrom('active', 'down', 'drained', 'gone', 'paused', 'silent'), {
        minLength: 3,
        maxLength: 3,
      }),
      (generated, replicas, standings) => {
        const known = generated.map(({ slot, node, state, desired, attempt }, at) => {
          const { nodeId: _none, ...task } = aTask(`t${at}`, state as TaskState).task;
          const placed = node === undefined ? {} : { nodeId: node as NodeId };
          const row: Task = { ...task, ...placed, slot, attempt, desiredState: desired as Task['desiredState'] };
          return { ...aTask(`t${at}`, state as TaskState), task: row };
        });
        const state: ServiceState = {
          service: aService({ kind: 'replicated', replicas }),
          tasks: known,
          standing: (id) => standings[Number(id.slice(1)) - 1] as Standing,
          allowed: () => true,
          observed: () => undefined,
        };
        let next = 0;
        const context = { now: 1, nextId: () => `new${++next}` as TaskId };
        const draft = new Draft(state, context);
        orchestrate(draft, { eligible: () => [] });
        const wanted = draft.tasks().filter(({ task }) => isWanted(task));
        const slots = new Set(wanted.map(({ task }) => task.slot));
        assert.equal(wanted.length, replicas);
        assert.equal(slots.size, replicas);
        const again = new Draft({ ...state, tasks: draft.tasks() }, context);
        orchestrate(again, { eligible: () => [] });
        assert.deepEqual(again.actions(), [], 'deciding again changes nothing');
      },
    ),
    { numRuns: 300 },
  );
});
