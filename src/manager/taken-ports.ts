import { hostPortKeys } from '../core/schedule/requirements.ts';
import { HostPorts } from '../model/host-port.ts';
import type { SingleContainer } from '../model/single-container.ts';
import type { PublishedPort } from '../model/service.ts';
import type { Task } from '../model/task.ts';
import type { View } from '../store/store.ts';

/**
 * Tasks and containers are placed by two that do not wait for one another. What either has committed since `revision`,
 * which the other chose a node at, is looked at once more where that choice is committed.
 */

/** The first of the container's ports that a task of its node, or a service on every node, has got since `revision`. */
export const portTakenFrom = (
  view: View,
  { nodeId, spec }: Pick<SingleContainer, 'nodeId' | 'spec'>,
  revision: number,
): string | undefined => {
  if (spec.hostPorts.length === 0) return undefined;
  const taken = new HostPorts();
  for (const { version, hostPorts, desiredState } of view.find('task', 'node', nodeId)) {
    if (version > revision && desiredState !== 'remove') count(taken, hostPorts ?? []);
  }
  for (const { version, ports } of view.list('service')) {
    if (version > revision)
      count(
        taken,
        ports.filter(({ mode }) => mode === 'ingress'),
      );
  }
  return spec.hostPorts.find((port) => taken.has(port));
};

/** Whether a container has got one of the task's ports on the node since `revision`. */
export const isPortTaken = (
  view: View,
  { hostPorts = [] }: Pick<Task, 'hostPorts'>,
  nodeId: string,
  revision: number,
): boolean => {
  if (hostPorts.length === 0) return false;
  const taken = new HostPorts(
    view.find('container', 'node', nodeId).flatMap(({ version, spec }) => (version > revision ? spec.hostPorts : [])),
  );
  return hostPortKeys(hostPorts).some((port) => taken.has(port));
};

const count = (taken: HostPorts, ports: readonly PublishedPort[]): void => {
  for (const port of hostPortKeys(ports)) taken.count(port, 1);
};
