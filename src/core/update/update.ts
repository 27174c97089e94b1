import type { ServiceSpec, UpdateStatus } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import type { Draft } from '../task/draft.ts';
import { hasEnded, isOutOfTheWay, isReady, isRunning, isWanted, placeOf } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { makeTask } from '../task/make.ts';
import { placesOf } from './places.ts';
import type { Place, Progress } from './places.ts';
import { isRollback, policyOf } from './policy.ts';
import type { FullPolicy } from './policy.ts';

/** What is to become of the service itself. The replacements are in the draft. */
export interface UpdateDecision {
  readonly status?: UpdateStatus;
  /** The specification to go back to: the update failed and its policy says so. */
  readonly rollBackTo?: ServiceSpec;
  /** When to look again though nothing changed. */
  readonly wakeAt?: number;
}

/**
 * One step of moving a service's tasks to its current version. Call it with every change and at `wakeAt`: what is known
 * of the tasks, the service's `updateStatus` and the moment are all that it goes by.
 */
export const advanceUpdate = (draft: Draft): UpdateDecision => {
  const { service } = draft.state;
  if (service.spec.mode.kind !== 'replicated' && service.spec.mode.kind !== 'global') return {};
  const state = service.updateStatus?.state;
  if (state === 'paused' || state === 'rollback_paused') {
    finishBegun(draft);
    return {};
  }
  dropSuperseded(draft);
  const active = state === 'updating' || state === 'rollback_started';
  if (!active && !hasOutdated(draft)) return {};
  const policy = policyOf(service);
  const begun = active ? service.updateStatus : undefined;
  const startedAt = begun?.startedAt ?? draft.context.now;
  const places = placesOf(reachable(draft), {
    specVersion: service.specVersion,
    monitorMs: policy.monitorMs,
    startedAt,
  });
  if (begun === undefined && !places.some(({ progress }) => progress.kind === 'outdated' || 'old' in progress))
    return {};

  const failures = places.filter(({ failed }) => failed !== undefined);
  if (failures.length > 0 && failures.length > policy.maxFailureRatio * places.length) {
    if (policy.failureAction !== 'continue') return onFailure(draft, startedAt, policy, failures[0]?.failed);
  }
  retireOld(draft, places);
  const next = replaceOutdated(draft, places, policy);
  const status = statusAfter(draft, begun, places, policy, startedAt);
  // One of the two at most: where there is room to wait for, some place has not been updated yet.
  const wakeAt = next ?? status?.wakeAt;
  return {
    ...(status?.status === undefined ? {} : { status: status.status }),
    ...(wakeAt === undefined ? {} : { wakeAt }),
  };
};

const hasOutdated = (draft: Draft): boolean => {
  const { specVersion } = draft.state.service;
  return draft.tasks().some(({ task }) => task.specVersion !== specVersion && isWanted(task));
};

/**
 * A change that came while another was under way: of the versions before, only the best task of each place is left, which
 * serves until the newest one does.
 */
const dropSuperseded = (draft: Draft): void => {
  if (!hasOutdated(draft)) return;
  const { specVersion } = draft.state.service;
  const outdated = draft.tasks().filter(({ task }) => isWanted(task) && task.specVersion !== specVersion);
  for (const place of Map.groupBy(outdated, ({ task }) => placeOf(task)).values()) {
    const [, ...superseded] = place.toSorted(
      (left, right) => serving(right) - serving(left) || left.task.createdAt - right.task.createdAt,
    );
    for (const { task } of superseded) draft.desire(task.id, 'shutdown');
  }
};

const serving = (known: KnownTask): number => Number(isReady(known)) + Number(isRunning(known));

/** What was started beside an old task before the pause still takes its place: nothing is left running twice. */
const finishBegun = (draft: Draft): void => {
  if (!hasOutdated(draft)) return;
  const { specVersion } = draft.state.service;
  retireOld(draft, placesOf(reachable(draft), { specVersion, monitorMs: 0, startedAt: draft.context.now }));
};

/** A task that belongs to a node which is down is updated when the node returns, and holds up nothing until then. */
const reachable = (draft: Draft): readonly KnownTask[] =>
  draft.tasks().filter(({ task }) => task.slot !== undefined || draft.state.standing(task.nodeId ?? '') !== 'down');

/** Start-first: an old task goes once the new one beside it is ready. */
const retireOld = (draft: Draft, places: readonly Place[]): void => {
  for (const { progress } of places) {
    if (progress.kind === 'running' && progress.old !== undefined) draft.desire(progress.old.task.id, 'shutdown');
  }
};

/**
 * Replaces as many places as the policy has room for. A place is under way until its new task has been ready for the
 * policy's delay. Returns when room appears by time alone.
 */
const replaceOutdated = (draft: Draft, places: readonly Place[], policy: FullPolicy): number | undefined => {
  const { now } = draft.context;
  const outdated = places.map(({ progress }) => progress).filter((progress) => progress.kind === 'outdated');
  if (outdated.length === 0) return undefined;
  const ends = places.map(({ progress }) => underWayUntil(progress, policy)).filter((end) => end > now);
  const order = outdated.toSorted(
    (left, right) =>
      Number(isRunning(left.old)) - Number(isRunning(right.old)) || bySlot(left.old.task, right.old.task),
  );
  const occupied = occupiedPlaces(draft);
  for (const { old } of order.slice(0, Math.max(0, policy.parallelism - ends.length))) {
    replace(draft, old, policy, occupied);
  }
  const soonest = Math.min(...ends);
  return Number.isFinite(soonest) ? soonest : undefined;
};

const underWayUntil = (progress: Progress, { delayMs }: FullPolicy): number => {
  switch (progress.kind) {
    case 'outdated':
      return 0;
    case 'starting':
      return Number.POSITIVE_INFINITY;
    case 'running':
      return progress.since + delayMs;
  }
};

const bySlot = (left: Task, right: Task): number =>
  (left.slot ?? 0) - (right.slot ?? 0) || (left.id < right.id ? -1 : 1);

/** Places where a task that is not wanted any more may still run. */
const occupiedPlaces = (draft: Draft): ReadonlySet<string> => {
  const leaving = draft.tasks().filter((known) => !isWanted(known.task) && !isOutOfTheWay(known, draft.state));
  return new Set(leaving.map(({ task }) => placeOf(task)));
};

const replace = (draft: Draft, old: KnownTask, { order }: FullPolicy, occupied: ReadonlySet<string>): void => {
  const { task } = old;
  const place = task.slot === undefined ? {} : { slot: task.slot };
  const node = task.slot === undefined && task.nodeId !== undefined ? { nodeId: task.nodeId } : {};
  const startFirst = order === 'start-first' && !hasEnded(old) && isRunning(old) && !hasFixedAddress(task);
  const free = !occupied.has(placeOf(task)) && (startFirst || isOutOfTheWay(old, draft.state));
  if (!startFirst) draft.desire(task.id, 'shutdown');
  draft.create(
    makeTask(draft.state.service, { ...place, ...node, desiredState: free ? 'running' : 'ready' }, draft.context),
  );
};

/** Two tasks cannot have the one address that was asked for. */
const hasFixedAddress = ({ spec }: Task): boolean =>
  spec.networks?.some(({ ipv4Address, ipv6Address }) => (ipv4Address ?? ipv6Address) !== undefined) === true;

const onFailure = (
  draft: Draft,
  startedAt: number,
  policy: FullPolicy,
  failed: KnownTask | undefined,
): UpdateDecision => {
  const { service } = draft.state;
  const cause = `failure or early termination of task ${failed?.task.id ?? ''}`;
  if (policy.failureAction === 'rollback' && service.previousSpec !== undefined) {
    const message = `update rolled back due to ${cause}`;
    return {
      status: { state: 'rollback_started', startedAt: draft.context.now, message },
      rollBackTo: service.previousSpec,
    };
  }
  const rollback = isRollback(service);
  const message = `${rollback ? 'rollback' : 'update'} paused due to ${cause}`;
  return { status: { state: rollback ? 'rollback_paused' : 'paused', startedAt, message } };
};

/** Whether the update begins, is done, or goes on. Done: every place has run the new version for the time watched. */
const statusAfter = (
  draft: Draft,
  begun: UpdateStatus | undefined,
  places: readonly Place[],
  policy: FullPolicy,
  startedAt: number,
): { readonly status?: UpdateStatus; readonly wakeAt?: number } | undefined => {
  const { now } = draft.context;
  if (begun === undefined) return { status: { state: 'updating', startedAt, message: 'update in progress' } };
  let until = startedAt;
  for (const { progress } of places) {
    if (progress.kind !== 'running') return undefined;
    until = Math.max(until, progress.since + policy.monitorMs);
  }
  if (places.length === 0) until = now;
  if (until > now) return { wakeAt: until };
  const rollback = isRollback(draft.state.service);
  return {
    status: {
      state: rollback ? 'rollback_completed' : 'completed',
      startedAt,
      completedAt: now,
      message: rollback ? 'rollback completed' : 'update completed',
    },
  };
};
