import type { NodeId } from '../../model/ids.ts';
import type { ClusterSpec } from '../../model/cluster.ts';
import type { PublishedPort, Service, TaskSpec } from '../../model/service.ts';
import type { DesiredState, Task } from '../../model/task.ts';
import type { DecisionContext } from './draft.ts';

/** Where a new task belongs and how it begins. */
export interface NewTask {
  readonly slot?: number;
  readonly nodeId?: NodeId;
  readonly desiredState: DesiredState;
  readonly attempt?: number;
  readonly notBefore?: number;
}

/** A service's task with the cluster's log driver where it names none. Options that it has stay its own. */
export const withDefaultLogging = (task: TaskSpec, standard: ClusterSpec['logging']): TaskSpec => {
  if (!standard?.driver || task.logging?.driver) return task;
  return { ...task, logging: { ...standard, ...task.logging, driver: standard.driver } };
};

/** The version's own: a service may have changed twice before the task is started, or started again. */
const hostPortsOf = ({ spec }: Service): readonly PublishedPort[] =>
  (spec.endpoint?.ports ?? []).filter(({ mode }) => mode === 'host');

/** A new task from the service's specification as it is now. */
export const makeTask = (service: Service, wish: NewTask, context: DecisionContext): Task => {
  const hostPorts = hostPortsOf(service);
  return {
    id: context.nextId(),
    version: 0,
    createdAt: context.now,
    updatedAt: context.now,
    serviceId: service.id,
    serviceName: service.spec.name,
    spec: context.taskSpec ?? service.spec.task,
    specVersion: service.specVersion,
    ...(hostPorts.length === 0 ? {} : { hostPorts }),
    ...(service.spec.labels === undefined ? {} : { serviceLabels: service.spec.labels }),
    ...wish,
  };
};

/**
 * A task in the place of another, from the same specification: only an update moves a place to a new one, so that what
 * a paused update left alone stays as it was.
 */
export const replaceTask = (task: Task, wish: NewTask, context: DecisionContext): Task => ({
  id: context.nextId(),
  version: 0,
  createdAt: context.now,
  updatedAt: context.now,
  serviceId: task.serviceId,
  serviceName: task.serviceName,
  spec: task.spec,
  specVersion: task.specVersion,
  ...(task.hostPorts === undefined ? {} : { hostPorts: task.hostPorts }),
  ...(task.serviceLabels === undefined ? {} : { serviceLabels: task.serviceLabels }),
  ...(task.slot === undefined ? {} : { slot: task.slot }),
  ...wish,
});
