import { isDeepStrictEqual } from 'node:util';
import type { NodeId } from '../../model/ids.ts';
import { isTerminal, movesForward } from '../../model/task.ts';
import type { TaskObservation, TaskStatus } from '../../model/task.ts';
import type { View } from '../../store/store.ts';

/** The part of the view that is read. */
export type ObservedView = Pick<View, 'get' | 'find'>;

const isOf = (view: ObservedView, nodeId: NodeId, taskId: TaskObservation['taskId']): boolean => {
  const task = view.get('task', taskId);
  return task === undefined ? view.get('taskStatus', taskId)?.nodeId === nodeId : task.nodeId === nodeId;
};

/**
 * What a node may speak of: the tasks assigned to it, and what it started in their place. A successor may be named
 * after it is spoken of, and have a successor itself.
 */
const admitted = (
  view: ObservedView,
  nodeId: NodeId,
  observations: readonly TaskObservation[],
): readonly TaskObservation[] => {
  let strange = observations.filter(({ taskId }) => !isOf(view, nodeId, taskId));
  if (strange.length === 0) return observations;
  const strangers = new Set<string>(strange.map(({ taskId }) => taskId));
  const successors = new Set<string>();
  for (const { successor } of view.find('taskStatus', 'node', nodeId)) if (successor) successors.add(successor);
  for (const { taskId, successor } of observations) if (successor && !strangers.has(taskId)) successors.add(successor);
  for (let found = true; found; ) {
    found = false;
    for (const { taskId, successor } of strange) {
      // A task that is assigned elsewhere is not this node's to speak of, whoever names it.
      if (!successors.has(taskId) || view.get('task', taskId) !== undefined) continue;
      found = strangers.delete(taskId) || found;
      if (successor) successors.add(successor);
    }
    strange = strange.filter(({ taskId }) => strangers.has(taskId));
  }
  return observations.filter(({ taskId }) => !strangers.has(taskId));
};

/** The status after an observation; the same object when it says nothing new. States only move forward. */
export const nextStatus = (
  before: TaskStatus | undefined,
  observation: TaskObservation,
  nodeId: NodeId,
): TaskStatus => {
  if (before === undefined || movesForward(before.state, observation.state)) return { ...observation, nodeId };
  if (isTerminal(before.state)) {
    const late = before.successor === undefined && observation.successor !== undefined;
    return late ? { ...before, successor: observation.successor } : before;
  }
  // An earlier state again: the containers were made anew. The state stays; traffic must not go there meanwhile.
  if (observation.state !== before.state) return before.ready ? { ...before, ready: false } : before;
  const next = { ...observation, nodeId, timestamp: before.timestamp };
  return isDeepStrictEqual(next, before) ? before : next;
};

/** The status rows that a node's observations change. What it may not speak of is left out. */
export const changedStatuses = (
  view: ObservedView,
  nodeId: NodeId,
  observations: readonly TaskObservation[],
): readonly TaskStatus[] => {
  const changed = new Map<string, TaskStatus>();
  for (const observation of admitted(view, nodeId, observations)) {
    const { taskId } = observation;
    const before =
      changed.get(taskId) ?? view.get('taskStatus', taskId) ?? view.get('task', taskId)?.finalStatus ?? undefined;
    const next = nextStatus(before, observation, nodeId);
    if (next !== before) changed.set(taskId, next);
  }
  return [...changed.values()];
};

/** What a node that has told everything left out: the manager was not there when it went. */
export interface Untold {
  /** Tasks without a row, which the node started by itself and knows no longer. */
  readonly gone: readonly TaskStatus['taskId'][];
  /** Tasks with a row, which it is about to be told of: no traffic until it speaks of them. */
  readonly withdrawn: readonly TaskStatus[];
}

export const untoldBy = (view: ObservedView, nodeId: NodeId, told: readonly TaskObservation[]): Untold => {
  const known = new Set<string>(told.map(({ taskId }) => taskId));
  const silent = view
    .find('taskStatus', 'node', nodeId)
    .filter(({ taskId, state }) => !known.has(taskId) && !isTerminal(state));
  const hasRow = ({ taskId }: TaskStatus): boolean => view.get('task', taskId) !== undefined;
  return {
    gone: silent.filter((status) => !hasRow(status)).map(({ taskId }) => taskId),
    withdrawn: silent.filter((status) => status.ready && hasRow(status)).map((status) => ({ ...status, ready: false })),
  };
};
