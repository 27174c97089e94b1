import { knownStatus } from '../core/task/known.ts';
import type { KnownTask, Observed } from '../core/task/known.ts';
import type { TaskId } from '../model/ids.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import { slotKey } from '../store/indexes.ts';
import type { View } from '../store/store.ts';

/** A task with what the view knows of it. */
export const knownIn = (view: View, task: Task): KnownTask => ({
  task,
  status: knownStatus(task, view.get('taskStatus', task.id)),
});

/** The tasks that were made for the same place as this one, itself among them. */
export const placeIn = (view: View, task: Task): readonly KnownTask[] => {
  const rows =
    task.slot === undefined
      ? view.find('task', 'node', task.nodeId ?? '').filter(({ serviceId }) => serviceId === task.serviceId)
      : view.find('task', 'slot', slotKey(task.serviceId, task.slot));
  return rows.map((row) => knownIn(view, row));
};

/**
 * What is observed of a task that has no row: one that an agent started by itself and nobody has adopted. One that has a
 * row speaks for itself. A successor on a node that was not heard of since this manager began is taken to live: who knew
 * better may have been the manager before.
 */
export const unadopted =
  (view: View): Observed =>
  (taskId, nodeId) => {
    if (view.get('task', taskId) !== undefined) return undefined;
    const known = view.get('taskStatus', taskId);
    if (known !== undefined || nodeId === undefined || !isUnheard(view, nodeId)) return known;
    return {
      taskId: taskId as TaskId,
      nodeId,
      state: 'accepted',
      timestamp: 0,
      message: 'its node has not been heard of yet',
      ready: false,
      containers: [],
    };
  };

const isUnheard = (view: View, nodeId: string): boolean =>
  view.get('node', nodeId) !== undefined && (view.get('nodeStatus', nodeId)?.state ?? 'unknown') === 'unknown';

/** What is known of each task of a node, with or without a row, and durably where it has ended. */
export function* statusesOn(view: View, nodeId: string): Iterable<TaskStatus> {
  yield* view.find('taskStatus', 'node', nodeId);
  for (const { finalStatus } of view.find('task', 'node', nodeId)) if (finalStatus !== undefined) yield finalStatus;
}

/** The tasks with a row that a node's task goes back to, over successors that have none. */
export const predecessorsOf = (view: View, nodeId: string, taskId: string): readonly Task[] => {
  const found: Task[] = [];
  const sought = new Set([taskId]);
  for (const id of sought) {
    for (const status of statusesOn(view, nodeId)) {
      if (status.successor !== id) continue;
      const task = view.get('task', status.taskId);
      if (task === undefined) sought.add(status.taskId);
      else found.push(task);
    }
  }
  return found;
};
