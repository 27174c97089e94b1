import type { Manager, ServiceRecord, TaskRecord } from '../../manager/manager.ts';
import { stackLabel } from '../../model/stack.ts';
import { taskName } from './views.ts';

/** All services, or those of a stack. */
export const servicesOf = ({ queries }: Manager, stack?: string | null): readonly ServiceRecord[] =>
  queries.services().filter(({ service }) => typeof stack !== 'string' || service.spec.labels?.[stackLabel] === stack);

/** A task by its id, a prefix of it, or its name (`web.1`: the newest one of that slot). Throws `not-found`. */
export const findTask = (manager: Manager, reference: string): TaskRecord => {
  const named = reference.includes('.') ? newestNamed(manager, reference) : undefined;
  return named ?? manager.queries.task(reference);
};

const newestNamed = ({ queries }: Manager, name: string): TaskRecord | undefined => {
  const serviceName = name.slice(0, name.lastIndexOf('.'));
  const service = queries.services().find((record) => record.service.spec.name === serviceName)?.service;
  if (service === undefined) return undefined;
  const candidates = queries.tasksOf({ serviceId: service.id }).filter(({ task }) => taskName(task) === name);
  const alive = candidates.filter(({ task }) => task.desiredState === 'running' || task.desiredState === 'ready');
  return (alive.length > 0 ? alive : candidates).toSorted((a, b) => b.task.createdAt - a.task.createdAt)[0];
};
