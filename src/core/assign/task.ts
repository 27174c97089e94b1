import type { AssignedEndpoint, AssignedTask, ServedPort } from '../../model/assignment.ts';
import type { NetworkId, NodeId } from '../../model/ids.ts';
import { isJob } from '../../model/service.ts';
import type { Service } from '../../model/service.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import { isTerminal } from '../../model/task.ts';
import { sixthOf } from './address6.ts';
import type { FindNetwork } from './address6.ts';
import { hasLiveSuccessor, isWanted } from '../task/known.ts';
import type { Observed, PlacedTask } from '../task/known.ts';
import { ownNames, sharedNames, taskListNames } from './names.ts';
import { some } from './served.ts';

const isOfJob = (task: Task, service: Service | undefined): boolean =>
  task.desiredState === 'complete' || (service !== undefined && isJob(service.spec));

export const assignedTaskOf = (task: PlacedTask, service: Service | undefined, network: FindNetwork): AssignedTask => ({
  kind: 'task',
  id: task.id,
  serviceId: task.serviceId,
  serviceName: task.serviceName,
  spec: task.spec,
  desiredState: task.desiredState,
  addresses: task.addresses.map(({ networkId, ...pair }) => ({
    networkId,
    address: pair.address,
    ...sixthOf(network(networkId), pair),
  })),
  ...(task.serviceLabels === undefined ? {} : { serviceLabels: task.serviceLabels }),
  ...(task.slot === undefined ? {} : { slot: task.slot }),
  ...(task.genericResources === undefined ? {} : { genericResources: task.genericResources }),
  ...(task.hostPorts === undefined ? {} : { hostPorts: [...task.hostPorts] }),
  ...(isOfJob(task, service) ? { job: true } : {}),
});

export interface EndpointFacts {
  readonly status: TaskStatus;
  readonly observed: Observed;
  /** The task's node is down as far as anyone can tell, or others are not told where it is. */
  readonly nodeDown: boolean;
  /** The networks of tasks with IPv6; absent where its node has none. */
  readonly network?: FindNetwork | undefined;
  /** Networks on which its service has an address of its own: it has the service's names there, not the task. */
  readonly virtual?: ReadonlySet<string>;
  /** The ports of its service: told with its tasks where the service has no address of its own. */
  readonly ports?: readonly ServedPort[];
}

/** Whether a task has endpoints: it may be running. Also where its agent goes on with a task that has no row yet. */
export const hasEndpoints = (status: TaskStatus, observed: EndpointFacts['observed']): boolean =>
  !isTerminal(status.state) || hasLiveSuccessor(status, observed);

/** A task on each of its networks. Ready: it may be given traffic, and is not about to stop. */
export const endpointsOf = (
  task: PlacedTask,
  { status, observed, nodeDown, virtual, ports = [], network }: EndpointFacts,
): readonly AssignedEndpoint[] => {
  if (!hasEndpoints(status, observed)) return [];
  const serves = status.ready && status.state === 'running' && isWanted(task);
  const taskNames = ownNames(task);
  return task.addresses.map(({ networkId, ...pair }) => {
    const attachment = attachmentOf(task, networkId);
    const shared = attachment === undefined ? [] : sharedNames(task, attachment);
    return {
      kind: 'endpoint',
      id: `${networkId}/${task.id}`,
      networkId,
      taskId: task.id,
      nodeId: task.nodeId,
      serviceId: task.serviceId,
      address: pair.address,
      ...sixthOf(network?.(networkId), pair),
      // No attachment: the ingress network, which everything published shares, and where nothing is found by name.
      names: [...(virtual?.has(networkId) === true ? taskListNames(shared) : shared)],
      taskNames: attachment === undefined ? [] : [...taskNames],
      ready: serves && !nodeDown,
      ...(serves && nodeDown && { lost: true as const }),
      ...(shared.length > 0 && virtual?.has(networkId) !== true && some(ports)),
    };
  });
};

const attachmentOf = (task: Task, networkId: NetworkId) =>
  task.spec.networks?.find((attachment) => attachment.networkId === networkId);

/** The ids of the secrets and configs that a task's containers ask for. */
export const filesOf = (task: Task): { readonly secrets: readonly string[]; readonly configs: readonly string[] } => ({
  secrets: [...new Set(task.spec.containers.flatMap(({ secrets = [] }) => secrets.map(({ secretId }) => secretId)))],
  configs: [...new Set(task.spec.containers.flatMap(({ configs = [] }) => configs.map(({ configId }) => configId)))],
});

/** What one task makes its node need. */
export interface TaskNeeds {
  readonly nodeId: NodeId;
  readonly networks: readonly string[];
  readonly secrets: readonly string[];
  readonly configs: readonly string[];
}

/** A task that has ended needs nothing but to be kept for its logs. */
export const needsOf = (task: PlacedTask, live: boolean): TaskNeeds => {
  if (!live) return { nodeId: task.nodeId, networks: [], secrets: [], configs: [] };
  // Attached networks without an address are the engine's own; the ingress network has an address and no attachment.
  const attached = (task.spec.networks ?? []).map(({ networkId }) => networkId);
  const networks = [...new Set([...attached, ...task.addresses.map(({ networkId }) => networkId)])];
  return { nodeId: task.nodeId, networks, ...filesOf(task) };
};
