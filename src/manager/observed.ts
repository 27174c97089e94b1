import { knownStatus } from '../core/task/known.ts';
import type { KnownTask } from '../core/task/known.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import type { View } from '../store/store.ts';

/** A task with what the view knows of it. */
export const knownIn = (view: View, task: Task): KnownTask => ({
  task,
  status: knownStatus(task, view.get('taskStatus', task.id)),
});

/**
 * What is observed of a task that has no row: one that an agent started by itself and nobody has adopted. One that has a
 * row speaks for itself.
 */
export const unadopted =
  (view: View) =>
  (taskId: string): TaskStatus | undefined =>
    view.get('task', taskId) === undefined ? view.get('taskStatus', taskId) : undefined;
