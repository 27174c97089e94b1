import type { AssignedTask } from '../../model/assignment.ts';
import type { ContainerSpec } from '../../model/container.ts';
import type { TaskId } from '../../model/ids.ts';

/** Labels that the agent finds its containers by. */
export const clusterLabel = 'tutti.cluster';
const nodeLabel = 'tutti.node';
const serviceLabel = 'tutti.service';
const slotLabel = 'tutti.slot';
export const taskLabel = 'tutti.task';
/** First task of the lineage: the task itself unless it was started in place of another. */
export const rootLabel = 'tutti.root';
export const predecessorLabel = 'tutti.predecessor';
/** Name of the container in its pod. */
export const containerLabel = 'tutti.container';

/** Grace period in seconds: a container may have to be stopped when its specification is not known any more. */
export const graceLabel = 'tutti.stop-grace';

/** The node as containers and templates see it. */
export interface NodeIdentity {
  readonly id: string;
  readonly hostname: string;
  readonly clusterId: string;
  readonly os: string;
  readonly architecture: string;
}

/** One task to run: the assignment that describes it and its own id, which differs for a successor. */
export interface RunnableTask {
  readonly id: TaskId;
  /** First task of its lineage. */
  readonly root: TaskId;
  readonly assigned: AssignedTask;
  readonly predecessor?: TaskId | undefined;
}

/** `<service>.<slot or node id>.<task id>`, as Swarm names its tasks' containers. */
export function taskName(task: RunnableTask, node: Pick<NodeIdentity, 'id'>): string {
  return `${task.assigned.serviceName}.${task.assigned.slot ?? node.id}.${task.id}`;
}

/** A pod's first container has the task's name; the others add their own. */
export function containerName(task: RunnableTask, node: NodeIdentity, container: string): string {
  const name = taskName(task, node);
  return task.assigned.spec.containers[0]?.name === container ? name : `${name}.${container}`;
}

/** The container's own labels, Tutti's, and those of Swarm that existing tools read. Ours win. */
export function containerLabels(
  task: RunnableTask,
  node: NodeIdentity,
  container: ContainerSpec,
): Record<string, string> {
  const { assigned } = task;
  return {
    ...container.labels,
    [clusterLabel]: node.clusterId,
    [nodeLabel]: node.id,
    [serviceLabel]: assigned.serviceId,
    [taskLabel]: task.id,
    [rootLabel]: task.root,
    [containerLabel]: container.name,
    [graceLabel]: String(graceSeconds(container)),
    ...(assigned.slot === undefined ? {} : { [slotLabel]: String(assigned.slot) }),
    ...(task.predecessor === undefined ? {} : { [predecessorLabel]: task.predecessor }),
    'com.docker.swarm.node.id': node.id,
    'com.docker.swarm.service.id': assigned.serviceId,
    'com.docker.swarm.service.name': assigned.serviceName,
    'com.docker.swarm.task': '',
    'com.docker.swarm.task.id': task.id,
    'com.docker.swarm.task.name': taskName(task, node),
  };
}

/** The grace period that Docker gives when none is asked for. */
const defaultGraceMs = 10_000;

/** Whole seconds, as the engine counts; a fraction is rounded up so that nobody gets less than asked for. */
export function graceSeconds(spec: Pick<ContainerSpec, 'stopGraceMs'>): number {
  return Math.ceil((spec.stopGraceMs ?? defaultGraceMs) / 1000);
}
