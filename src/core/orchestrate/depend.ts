import type { Dependency, Service } from '../../model/service.ts';
import type { Draft } from '../task/draft.ts';
import { isReady, isRunning, isWanted } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';
import { tasksOfMode } from './job.ts';

/** Another service, as far as depending on it goes. */
export interface DependencyState {
  readonly service: Service;
  readonly tasks: readonly KnownTask[];
}

/**
 * The dependencies that do not hold yet, in words, or undefined when all do. All tasks that the other service wants
 * must be there: started (running), healthy (fit for traffic) or completed.
 */
export const unmetDependencies = (
  dependencies: readonly Dependency[],
  find: (serviceName: string) => DependencyState | undefined,
): string | undefined => {
  const unmet: string[] = [];
  for (const dependency of dependencies) {
    const found = find(dependency.service);
    if (found === undefined) {
      if (dependency.required !== false) unmet.push(`${dependency.service} to be created`);
    } else if (!holds(dependency, found)) unmet.push(`${dependency.service} to be ${dependency.condition}`);
  }
  return unmet.length === 0 ? undefined : unmet.join(', ');
};

const tests: Readonly<Record<Dependency['condition'], (known: KnownTask) => boolean>> = {
  started: (known) => isRunning(known) || known.status.state === 'complete',
  healthy: isReady,
  completed: (known) => known.status.state === 'complete',
};

const holds = ({ condition }: Dependency, { service, tasks }: DependencyState): boolean => {
  const wanted = tasks.filter(({ task }) => isWanted(task));
  return wanted.filter(tests[condition]).length >= tasksOfMode(service.spec.mode, Math.max(1, wanted.length));
};

/**
 * Holds tasks back until the dependencies hold. Only before the first of them was let go: a dependency that fails later
 * stops nobody from being replaced or scaled.
 */
export const holdBack = (draft: Draft, unmet: string | undefined): void => {
  const began = draft.state.tasks.some(({ task }) => task.waitingFor === undefined);
  for (const { task } of draft.tasks()) {
    if (!isWanted(task)) continue;
    if (task.waitingFor !== undefined || (draft.isNew(task.id) && !began)) {
      draft.wait(task.id, began ? undefined : unmet);
    }
  }
};
