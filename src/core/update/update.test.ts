import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { NodeId, ServiceId, TaskId } from '../../model/ids.ts';
import type { Service, ServiceSpec, UpdatePolicy, UpdateStatus } from '../../model/service.ts';
import type { Task, TaskState, TaskStatus } from '../../model/task.ts';
import { Draft } from '../task/draft.ts';
import type { KnownTask, Standing } from '../task/known.ts';
import { advanceUpdate } from './update.ts';

const now = 100_000;
const startedAt = 50_000;
const stored = { version: 1, createdAt: 0, updatedAt: 0 };
const container = { containers: [{ name: 'main', image: 'a' }] };

interface World {
  readonly policy?: UpdatePolicy;
  readonly rollback?: UpdatePolicy;
  readonly mode?: ServiceSpec['mode'];
  readonly state?: UpdateStatus['state'];
  readonly before?: boolean;
  readonly tasks: readonly KnownTask[];
  readonly standing?: (nodeId: string) => Standing;
}

const serviceOf = ({ policy, rollback, mode, state, before }: World): Service => {
  const spec: ServiceSpec = {
    name: 'web',
    task: container,
    mode: mode ?? { kind: 'replicated', replicas: 4 },
    ...(policy && { update: policy }),
    ...(rollback && { rollback }),
  };
  return {
    ...stored,
    id: 's' as ServiceId,
    spec,
    specVersion: 2,
    ports: [],
    ...(before && { previousSpec: { ...spec, name: 'before' } }),
    ...(state && { updateStatus: { state, startedAt, message: '' } }),
  };
};

/** A task of `version` in `slot`, that began after the update did and was seen running since `since`. */
const aTask = (
  id: string,
  version: number,
  slot: number,
  state: TaskState,
  more: Partial<Task> = {},
  seen: Partial<TaskStatus> & { readonly since?: number } = {},
): KnownTask => {
  const { since, ...status } = seen;
  return {
    task: {
      ...stored,
      createdAt: startedAt,
      id: id as TaskId,
      serviceId: 's' as ServiceId,
      serviceName: 'web',
      slot,
      nodeId: 'n1' as NodeId,
      addresses: [],
      genericResources: [],
      spec: container,
      specVersion: version,
      desiredState: 'running',
      ...more,
    },
    status: {
      taskId: id as TaskId,
      state,
      timestamp: startedAt,
      message: '',
      ready: state === 'running',
      containers: [],
      ...status,
    },
    ...(since !== undefined && { runningSince: since }),
  };
};
const old = (id: string, slot: number, state: TaskState = 'running', more: Partial<Task> = {}) =>
  aTask(id, 1, slot, state, more);
const fresh = (id: string, slot: number, state: TaskState = 'running', since = now) =>
  aTask(id, 2, slot, state, {}, state === 'running' ? { since } : {});
/** Without a slot: of a global service. */
const onNode = (known: KnownTask, nodeId: string): KnownTask => {
  const { slot: _, ...task } = known.task;
  return { ...known, task: { ...task, nodeId: nodeId as NodeId } };
};

const advance = (world: World) => {
  let next = 0;
  const draft = new Draft(
    {
      service: serviceOf(world),
      tasks: world.tasks,
      standing: world.standing ?? (() => 'active'),
      allowed: () => true,
      observed: () => undefined,
    },
    { now, nextId: () => `new${++next}` as TaskId },
  );
  const decision = advanceUpdate(draft);
  return { decision, actions: draft.actions() };
};

/** Actions in few words, as a person would say them. */
const said = (world: World): readonly string[] =>
  advance(world).actions.map((action) => {
    if (action.kind === 'create') return `make ${action.task.slot ?? action.task.nodeId}: ${action.task.desiredState}`;
    return action.kind === 'desire' ? `${action.taskId} → ${action.desiredState}` : action.kind;
  });

test('stop-first: what does not run goes first, then by slot, as many as the policy has room for; each is held', () => {
  const tasks = [old('c', 3), old('a', 1), old('d', 4, 'pending', { nodeId: undefined as never }), old('b', 2)];
  assert.deepEqual(said({ tasks }), ['d → shutdown', 'make 4: running']);
  assert.deepEqual(said({ tasks, policy: { parallelism: 2 } }), [
    'a → shutdown',
    'd → shutdown',
    'make 4: running',
    'make 1: ready',
  ]);
  assert.equal(said({ tasks, policy: { parallelism: 0 } }).length, 8);
  assert.equal(said({ tasks: [old('a', 2), old('b', 1)] })[0], 'b → shutdown');
  const [made] = advance({ tasks: [old('a', 1)] }).actions.filter((action) => action.kind === 'create');
  assert.equal(made?.task.nodeId, undefined, 'it may run elsewhere');
  assert.deepEqual(said({ tasks: [old('a', 1)], standing: () => 'down' }), ['a → shutdown', 'make 1: running']);
});

test('start-first: the old one serves until the new one is ready; not where both want one address, or it does not serve', () => {
  const policy: UpdatePolicy = { order: 'start-first' };
  assert.deepEqual(said({ policy, tasks: [old('a', 1)] }), ['make 1: running']);
  assert.deepEqual(said({ policy, tasks: [old('a', 1, 'starting')] }), ['a → shutdown', 'make 1: ready']);
  const fixed = {
    ...container,
    networks: [{ networkId: 'n' as never, ipv4Address: '10.0.0.9' }, { networkId: 'm' as never }],
  };
  assert.deepEqual(said({ policy, tasks: [old('a', 1, 'running', { spec: fixed })] }), [
    'a → shutdown',
    'make 1: ready',
  ]);
  const unready = aTask('b', 2, 1, 'running', {}, { ready: false });
  const state = 'updating';
  assert.deepEqual(said({ policy, state, tasks: [old('a', 1), unready] }), []);
  assert.deepEqual(said({ policy, state, tasks: [old('a', 1), fresh('b', 1)] }), ['a → shutdown']);
  const leaving = old('z', 1, 'running', { desiredState: 'shutdown' });
  assert.deepEqual(said({ policy, tasks: [old('a', 1), leaving] }), ['make 1: ready'], 'two would run beside it');
});

test('a place is under way until its new task has been ready for the delay', () => {
  const world = { state: 'updating' as const, policy: { delayMs: 2_000 } };
  const after = (since: number) => advance({ ...world, tasks: [fresh('a', 1, 'running', since), old('b', 2)] });
  assert.equal(after(now - 2_000).actions.length, 2);
  assert.deepEqual([after(now - 1_999).actions, after(now - 1_999).decision.wakeAt], [[], now + 1]);
  assert.deepEqual(said({ ...world, tasks: [fresh('a', 1, 'starting'), old('b', 2)] }), []);
  assert.equal(advance({ ...world, tasks: [fresh('a', 1, 'starting'), old('b', 2)] }).decision.wakeAt, undefined);
  const several = [
    fresh('a', 1, 'running', now - 500),
    fresh('b', 2, 'running', now - 1_500),
    fresh('c', 3, 'starting'),
  ];
  assert.equal(advance({ ...world, tasks: [...several, old('d', 4)] }).decision.wakeAt, now + 500, 'the soonest');
});

test('it begins with the first outdated task, and is done when every place has run for the time that is watched', () => {
  assert.deepEqual(advance({ tasks: [fresh('a', 1)] }), { decision: {}, actions: [] });
  const begun = advance({ tasks: [old('a', 1)] }).decision.status;
  assert.deepEqual([begun?.state, begun?.startedAt], ['updating', now]);
  const inMiddle = advance({ tasks: [old('a', 1), fresh('b', 1, 'starting')] }).decision.status;
  assert.equal(inMiddle?.state, 'updating', 'a place is under way already');
  const world = { state: 'updating' as const, policy: { monitorMs: 1_000, delayMs: 5_000 } };
  const ends = (since: number) =>
    advance({ ...world, tasks: [fresh('a', 1, 'running', 0), fresh('b', 2, 'running', since)] });
  assert.deepEqual(ends(now - 999).decision, { wakeAt: now + 1 });
  const done = ends(now - 1_000).decision.status;
  assert.deepEqual([done?.state, done?.startedAt, done?.completedAt], ['completed', startedAt, now]);
  assert.deepEqual(advance({ ...world, tasks: [fresh('a', 1, 'starting')] }).decision, {});
  assert.equal(advance({ ...world, tasks: [] }).decision.status?.state, 'completed');
  const back = advance({ ...world, state: 'rollback_started', rollback: { monitorMs: 0 }, tasks: [fresh('a', 1)] });
  assert.equal(back.decision.status?.state, 'rollback_completed');
});

const failed = (slot: number, more: Partial<Task> = {}, seen: Parameters<typeof aTask>[5] = {}) =>
  aTask(
    `failed${slot}`,
    2,
    slot,
    'failed',
    { desiredState: 'shutdown', ...more },
    { timestamp: startedAt + 10, ...seen },
  );

test('a failure within the time that is watched pauses it, goes on, or rolls back, as the policy says', () => {
  const tasks = [old('a', 1), fresh('b', 2, 'starting'), failed(2)];
  const state = 'updating' as const;
  const paused = advance({ state, tasks });
  assert.deepEqual([paused.decision.status?.state, paused.actions], ['paused', []]);
  assert.match(
    paused.decision.status?.message ?? '',
    /^update paused due to failure or early termination of task failed2$/,
  );
  assert.equal(advance({ state, tasks, policy: { failureAction: 'continue' } }).decision.status, undefined);
  assert.equal(advance({ state, tasks, policy: { maxFailureRatio: 0.5 } }).decision.status, undefined);
  assert.equal(advance({ state, tasks, policy: { maxFailureRatio: 0.49 } }).decision.status?.state, 'paused');
  const policy: UpdatePolicy = { failureAction: 'rollback' };
  const rolled = advance({ state, tasks, policy, before: true }).decision;
  assert.deepEqual(
    [rolled.status?.state, rolled.status?.startedAt, rolled.rollBackTo?.name],
    ['rollback_started', now, 'before'],
  );
  assert.equal(advance({ state, tasks, policy }).decision.status?.state, 'paused', 'there is nothing to go back to');
  const again = advance({ state: 'rollback_started', tasks, rollback: policy, before: true }).decision;
  assert.deepEqual([again.status?.state, again.rollBackTo], ['rollback_paused', undefined]);
});

test('what counts as a failure: of this version, since it began, by itself, and not after it had run long enough', () => {
  const isPaused = (one: KnownTask, monitorMs = 1_000): boolean => {
    const tasks = [old('a', 1), fresh('b', 2, 'starting'), one];
    return advance({ state: 'updating', policy: { monitorMs }, tasks }).decision.status?.state === 'paused';
  };
  assert.ok(isPaused(failed(2)));
  assert.ok(!isPaused(failed(2, { specVersion: 1 })));
  assert.ok(!isPaused(failed(2, { createdAt: startedAt - 1 })));
  assert.ok(isPaused(failed(2, {}, { state: 'rejected' })));
  assert.ok(!isPaused(failed(2, {}, { state: 'shutdown' })));
  assert.ok(!isPaused(failed(2, {}, { state: 'complete' })), 'it was asked to');
  assert.ok(isPaused(failed(2, {}, { state: 'complete', successor: 'next' as TaskId })));
  const ran = (ms: number) => failed(2, {}, { since: startedAt, timestamp: startedAt + ms });
  assert.deepEqual([isPaused(ran(1_000)), isPaused(ran(1_001))], [true, false]);
});

test('paused, what was begun is still brought to its end, and nothing new is begun', () => {
  for (const state of ['paused', 'rollback_paused'] as const) {
    const tasks = [old('a', 1), fresh('b', 1), old('c', 2), old('d', 3), fresh('e', 3, 'starting')];
    assert.deepEqual(said({ state, tasks }), ['a → shutdown']);
    assert.deepEqual(advance({ state, tasks }).decision, {});
  }
});

test('of two older versions in one place the one that serves is left, the older where both do', () => {
  const middle = (id: string, state: TaskState, createdAt: number) => aTask(id, 0, 1, state, { createdAt });
  const policy: UpdatePolicy = { order: 'start-first' };
  const state = 'updating' as const;
  const beside = fresh('n', 1, 'starting');
  assert.deepEqual(said({ policy, state, tasks: [middle('a', 'starting', 0), old('b', 1), beside] }), ['a → shutdown']);
  const both = [middle('a', 'running', 0), old('b', 1)];
  for (const two of [both, both.toReversed()])
    assert.deepEqual(said({ policy, state, tasks: [...two, beside] }), ['b → shutdown']);
});

test('a global service: each node for itself; one that is down holds up nothing and is left as it is', () => {
  const mode = { kind: 'global' } as const;
  const tasks = [onNode(old('a', 0), 'n1'), onNode(old('b', 0), 'n2')];
  const standing = (nodeId: string): Standing => (nodeId === 'n1' ? 'down' : 'active');
  assert.deepEqual(said({ mode, tasks, standing }), ['b → shutdown', 'make n2: ready']);
  const rest = [onNode(old('a', 0), 'n1'), onNode(fresh('b', 0), 'n2')];
  const done = advance({ mode, tasks: rest, standing, state: 'updating', policy: { monitorMs: 0 } });
  assert.deepEqual([done.decision.status?.state, done.actions], ['completed', []]);
  assert.deepEqual(
    advance({ mode, tasks: [onNode(old('a', 0), 'n1')], standing }).decision,
    {},
    'none that could begin',
  );
});

test('jobs are not updated', () => {
  const mode = { kind: 'replicated-job', maxConcurrent: 1, totalCompletions: 1 } as const;
  assert.deepEqual(advance({ mode, tasks: [old('a', 1)] }), { decision: {}, actions: [] });
});

const states = fc.constantFrom<TaskState>('pending', 'starting', 'running', 'failed', 'shutdown');
const place = fc.record({ old: fc.option(states), current: fc.option(states), leaving: fc.boolean() });

test('whatever there is: no more places are under way than allowed, each gets one new task at most, of this version', () => {
  const property = fc.property(
    fc.array(place, { maxLength: 8 }),
    fc.integer({ min: 0, max: 4 }),
    fc.constantFrom('stop-first' as const, 'start-first' as const),
    (places, parallelism, order) => {
      const tasks = places.flatMap(({ old: before, current, leaving }, index) => [
        ...(before === null ? [] : [old(`o${index}`, index + 1, before, leaving ? { desiredState: 'shutdown' } : {})]),
        ...(current === null ? [] : [fresh(`c${index}`, index + 1, current)]),
      ]);
      const policy: UpdatePolicy = { parallelism, order, failureAction: 'continue' };
      const { actions } = advance({ state: 'updating', policy, tasks });
      const made = actions.flatMap((action) => (action.kind === 'create' ? [action.task] : []));
      assert.equal(new Set(made.map(({ slot }) => slot)).size, made.length);
      assert.ok(made.every(({ specVersion }) => specVersion === 2));
      const underWay = tasks.filter(({ task, status }) => task.specVersion === 2 && status.state !== 'running').length;
      const room = parallelism === 0 ? Number.POSITIVE_INFINITY : parallelism;
      assert.ok(made.length <= Math.max(0, room - underWay), `${made.length} beside ${underWay} of ${room}`);
      for (const action of actions) {
        if (action.kind === 'desire') assert.ok(action.taskId.startsWith('o'), `${action.taskId} is what is wanted`);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});
