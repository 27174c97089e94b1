import type { DesiredState } from '../../model/task.ts';
import type { NewTask } from '../task/make.ts';
import { replaceTask } from '../task/make.ts';
import type { Draft } from '../task/draft.ts';
import { hasEnded, isOutOfTheWay, isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { restartOf } from './restart.ts';

/**
 * How a replacement begins. It is held at `ready` (its image pulled, its containers made) while something of the old task
 * may still run, so that one place never has two live tasks. What replaces a task that was held itself is held for the same reason.
 */
const beginning = (draft: Draft, old: KnownTask, goal: DesiredState): DesiredState =>
  old.task.desiredState !== 'ready' && isOutOfTheWay(old, draft.state) ? goal : 'ready';

/** Replaces a wanted task that ended and is to be tried again; `nodeId` where the new one must be on the same node. */
export const retryEnded = (draft: Draft, known: KnownTask, goal: 'running' | 'complete'): void => {
  const { task, status } = known;
  const restart =
    status.state === 'orphaned'
      ? ({ kind: 'again', attempt: task.attempt ?? 0 } as const)
      : restartOf(known, { now: draft.context.now, job: goal === 'complete' });
  if (restart.kind === 'final') return;
  const { kind: _kind, ...retry } = restart;
  // A task without a slot belongs to its node.
  const place = task.slot === undefined && task.nodeId !== undefined ? { nodeId: task.nodeId } : {};
  supersede(draft, known, { ...retry, ...place, desiredState: beginning(draft, known, goal) });
};

/** Whether a task's node must be left: drained, or no longer within the task's constraints. */
export const mustLeave = (draft: Draft, { task }: KnownTask): boolean =>
  task.nodeId !== undefined &&
  (draft.state.standing(task.nodeId) === 'drained' || !draft.state.allowed(task.nodeId, task));

const isLost = (draft: Draft, { task }: KnownTask): boolean => {
  if (task.nodeId === undefined) return false;
  const standing = draft.state.standing(task.nodeId);
  return standing === 'down' || standing === 'gone';
};

/** Replaces a wanted task whose node is lost or must be left, or that ended and is to be tried again. */
export const replaceWhereNeeded = (draft: Draft, known: KnownTask, goal: 'running' | 'complete'): void => {
  if (hasEnded(known)) retryEnded(draft, known, goal);
  else if (isLost(draft, known) || mustLeave(draft, known)) {
    supersede(draft, known, { desiredState: beginning(draft, known, goal) });
  }
};

const supersede = (draft: Draft, { task }: KnownTask, wish: NewTask): void => {
  draft.desire(task.id, 'shutdown');
  draft.create(replaceTask(task, wish, draft.context));
};

/**
 * Starts what was held at `ready`, once what was shut down in its place is out of the way. A wanted task beside it is one
 * of another version, which a start-first update keeps until the new one runs.
 */
export const releaseHeld = (draft: Draft, place: readonly KnownTask[], goal: DesiredState): void => {
  const held = place.filter(({ task }) => task.desiredState === 'ready');
  if (held.length === 0) return;
  const free = place.every((other) => isWanted(other.task) || isOutOfTheWay(other, draft.state));
  if (free) for (const { task } of held) draft.desire(task.id, goal);
};

/** Shuts down wanted tasks of one place beyond the first of the same version, the most advanced first kept. */
export const removeDuplicates = (draft: Draft, place: readonly KnownTask[]): void => {
  const kept = new Set<number>();
  const ranked = place.filter(({ task }) => isWanted(task)).toSorted(byMerit);
  for (const { task } of ranked) {
    if (kept.has(task.specVersion)) draft.desire(task.id, 'shutdown');
    else kept.add(task.specVersion);
  }
};

const merit = (known: KnownTask): number => {
  if (hasEnded(known)) return 0;
  if (known.status.state === 'running') return known.status.ready ? 4 : 3;
  return known.task.nodeId === undefined ? 1 : 2;
};

/** The better first; the older where they are as good. */
export const byMerit = (left: KnownTask, right: KnownTask): number =>
  merit(right) - merit(left) || left.task.createdAt - right.task.createdAt || (left.task.id < right.task.id ? -1 : 1);
