import type { Task } from '../../model/task.ts';

/** What the scheduler has to do with a task. */
export type Standing =
  /** Nothing: it is not ready to be placed, or it ended. */
  | 'none'
  /** To be given a node. */
  | 'pending'
  /** Of a global service: to be checked on the node that it belongs to. */
  | 'pinned'
  /** Takes what it reserved on its node. */
  | 'placed';

/** Still to run, or running and to go on. */
export const isActive = ({ desiredState }: Task): boolean =>
  desiredState === 'running' || desiredState === 'ready' || desiredState === 'complete';

/** `ended`: it was observed in a terminal state. */
export const standingOf = (task: Task, ended: boolean): Standing => {
  if (ended || task.finalStatus !== undefined) return 'none';
  // A task of a global service comes with its node; the scheduler has agreed when it has handed over resources, be it none.
  const agreed = task.slot !== undefined || task.genericResources !== undefined;
  if (task.nodeId !== undefined && agreed) return 'placed';
  if (!isActive(task) || task.addresses === undefined || task.waitingFor !== undefined) return 'none';
  return task.nodeId === undefined ? 'pending' : 'pinned';
};
