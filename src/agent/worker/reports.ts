import type { TaskId } from '../../model/ids.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { NodeTasks } from './picture/node-tasks.ts';
import { observationOf } from './picture/record.ts';

/** Tells what is observed of tasks, each state once. */
export interface Reports {
  /** Of every task, as it is now. */
  all(): TaskObservation[];
  subscribe(listener: (observation: TaskObservation) => void): Disposable;
  /** Tells of a task where it is not as it was last told, unless it is held back. */
  publish(taskId: TaskId): void;
  forget(taskId: TaskId): void;
}

export function createReports(tasks: Pick<NodeTasks, 'entries' | 'get' | 'containersOf'>): Reports {
  const listeners = new Set<(observation: TaskObservation) => void>();
  const published = new Map<TaskId, string>();
  return {
    all: () => [...tasks.entries.values()].map(({ record }) => observationOf(record, tasks.containersOf(record.id))),
    subscribe(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    publish(taskId) {
      const entry = tasks.get(taskId);
      if (entry === undefined || entry.held) return;
      const observation = observationOf(entry.record, tasks.containersOf(taskId));
      const text = JSON.stringify(observation);
      if (published.get(taskId) === text) return;
      published.set(taskId, text);
      for (const listen of listeners) listen(observation);
    },
    forget: (taskId) => void published.delete(taskId),
  };
}
