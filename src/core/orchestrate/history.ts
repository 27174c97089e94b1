import type { TaskStatus } from '../../model/task.ts';
import { hasEnded, hasLiveSuccessor, isPlaced, isWanted } from '../task/known.ts';
import type { KnownTask, ServiceState } from '../task/known.ts';

/** What becomes of a task's row once the task is over. */
export type Ending =
  | { readonly kind: 'keep' }
  /** The end is written into the row, so that it is remembered. */
  | { readonly kind: 'record'; readonly status: TaskStatus }
  | { readonly kind: 'delete' };

type Facts = Pick<ServiceState, 'standing' | 'observed'>;

/** Over: it ended and no agent goes on in its place, no node was ever told of it, or its node was removed. */
export const isOver = (known: KnownTask, facts: Facts): boolean => {
  const { task } = known;
  if (!isPlaced(task) || facts.standing(task.nodeId) === 'gone') return true;
  return hasEnded(known) && !hasLiveSuccessor(known.status, facts.observed);
};

/** Decides about one task. Removed tasks go as soon as they are over; others become history. */
export const endingOf = (known: KnownTask, facts: Facts & { readonly now: number }): Ending => {
  const { task, status } = known;
  const over = isOver(known, facts);
  if (task.desiredState === 'remove' && over) return { kind: 'delete' };
  if (!isPlaced(task)) return isWanted(task) ? { kind: 'keep' } : { kind: 'delete' };
  if (task.finalStatus !== undefined) return { kind: 'keep' };
  if (hasEnded(known)) return { kind: 'record', status: { ...status, ready: false } };
  if (!over) return { kind: 'keep' };
  const orphaned: TaskStatus = {
    taskId: task.id,
    nodeId: task.nodeId,
    state: 'orphaned',
    timestamp: facts.now,
    message: 'the node was removed from the cluster',
    ready: false,
    containers: [],
  };
  return { kind: 'record', status: orphaned };
};

/** Which of a place's tasks are history beyond the limit: the oldest of those that ended and are not wanted. */
export const beyondHistory = (place: readonly KnownTask[], limit: number, facts: Facts): readonly KnownTask[] =>
  place
    .filter((known) => !isWanted(known.task) && isOver(known, facts))
    .toSorted((left, right) => right.task.createdAt - left.task.createdAt || (left.task.id < right.task.id ? 1 : -1))
    .slice(limit);
