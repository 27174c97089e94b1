import { requirementsOf } from '../../core/schedule/requirements.ts';
import { constraintFilter } from '../../core/schedule/filters/constraint.ts';
import { kindCheck } from '../../core/schedule/filters/filters.ts';
import type { DependencyState } from '../../core/orchestrate/depend.ts';
import { knownStatus, standingOf } from '../../core/task/known.ts';
import type { KnownTask, ServiceState } from '../../core/task/known.ts';
import type { NodeId } from '../../model/ids.ts';
import type { Service, TaskSpec } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import type { View } from '../../store/store.ts';
import { unadopted } from '../observed.ts';

export type RunningSince = (taskId: string) => number | undefined;

export const knownTasks = (view: View, serviceId: string, runningSince: RunningSince): readonly KnownTask[] =>
  view.find('task', 'service', serviceId).map((task) => {
    const since = runningSince(task.id);
    const status = knownStatus(task, view.get('taskStatus', task.id));
    return since === undefined ? { task, status } : { task, status, runningSince: since };
  });

const standingIn = (view: View, nodeId: string) => standingOf(view.get('node', nodeId), view.get('nodeStatus', nodeId));

/** All that decisions about a service look at, as the view has it. */
export const serviceStateOf = (view: View, service: Service, runningSince: RunningSince): ServiceState => {
  const checks = new Map<TaskSpec, (nodeId: string) => boolean>();
  return {
    service,
    tasks: knownTasks(view, service.id, runningSince),
    standing: (nodeId) => standingIn(view, nodeId),
    allowed: (nodeId, task) => allowedBy(view, task, checks)(nodeId),
    observed: unadopted(view),
  };
};

/** Tasks of a service share their specification, so its constraints are parsed once. */
const allowedBy = (
  view: View,
  { spec }: Task,
  checks: Map<TaskSpec, (nodeId: string) => boolean>,
): ((nodeId: string) => boolean) => {
  const known = checks.get(spec);
  if (known !== undefined) return known;
  const check = spec.placement?.constraints?.length ? constraintFilter.prepare(requirementsOf({ spec })) : undefined;
  const allowed = (nodeId: string): boolean => {
    const node = view.get('node', nodeId);
    return check === undefined || node === undefined || check({ node }) === undefined;
  };
  checks.set(spec, allowed);
  return allowed;
};

/** Nodes that take a task of a service with one task per node. */
export const eligibleNodes = (view: View, spec: TaskSpec): readonly NodeId[] => {
  const check = kindCheck(requirementsOf({ spec }));
  const eligible: NodeId[] = [];
  for (const { nodeId } of view.find('nodeStatus', 'state', 'ready')) {
    const node = view.get('node', nodeId);
    if (node?.spec.availability === 'active' && check({ node }) === undefined) eligible.push(nodeId);
  }
  return eligible.toSorted();
};

export const dependencyOf = (view: View, name: string, runningSince: RunningSince): DependencyState | undefined => {
  const [service] = view.find('service', 'name', name);
  return service === undefined ? undefined : { service, tasks: knownTasks(view, service.id, runningSince) };
};
