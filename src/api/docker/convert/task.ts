import type { TaskRecord } from '../../../manager/manager.ts';
import type { Network } from '../../../model/network.ts';
import { withPrefixes } from '../../../model/network-address.ts';
import type { TaskStatus } from '../../../model/task.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { attachedNetworkTo } from './attached-network.ts';
import { objectTo } from './object.ts';
import { genericsTo } from './resources.ts';
import { given, sparse } from './sparse.ts';
import type { TaskSpecOut } from './task-spec.ts';
import { taskTo } from './task-spec.ts';
import { timestampOf } from './time.ts';

export type TaskOut = Omit<Definitions['Task'], 'Spec' | 'NetworksAttachments'> & {
  Spec?: TaskSpecOut;
  NetworksAttachments?: { Network: ReturnType<typeof attachedNetworkTo>; Addresses: string[] }[];
};

/** What a task's answer needs of the rest of the cluster. */
export interface TaskSurroundings {
  /** Undefined for a network that is gone; it is left out. */
  readonly network: (id: string) => Network | undefined;
  readonly isJob: (serviceId: string) => boolean;
}

/** Slots of jobs count from 0 in Swarm, and its clients rely on it; those of replicated services from 1. */
export const taskRecordTo = ({ task, status }: TaskRecord, surroundings: TaskSurroundings): TaskOut => {
  const isJob = surroundings.isJob(task.serviceId);
  return sparse({
    ...objectTo(task),
    Labels: {},
    Spec: taskTo(task.spec),
    ServiceID: task.serviceId,
    Slot: isJob ? given(task.slot, (slot) => slot - 1) : task.slot,
    NodeID: task.nodeId,
    AssignedGenericResources: given(task.genericResources, genericsTo),
    Status: statusTo(status),
    DesiredState: task.desiredState,
    JobIteration: isJob ? { Index: task.specVersion } : undefined,
    NetworksAttachments: task.addresses?.flatMap((attached) => {
      const network = surroundings.network(attached.networkId);
      if (network === undefined) return [];
      return [{ Network: attachedNetworkTo(network), Addresses: [...withPrefixes(network, attached)] }];
    }),
  });
};

const statusTo = (status: TaskStatus): Definitions['TaskStatus'] => {
  const main = status.containers[0];
  return sparse({
    Timestamp: timestampOf(status.timestamp),
    State: status.state,
    Message: status.message,
    Err: status.error,
    ContainerStatus: given(main, ({ containerId, pid = 0, exitCode = 0 }) =>
      sparse({ ContainerID: containerId, PID: pid, ExitCode: exitCode }),
    ),
    PortStatus: {
      ...sparse({
        Ports: status.hostPorts?.map((port) => ({
          Protocol: port.protocol as 'tcp' | 'udp' | 'sctp',
          TargetPort: port.target,
          PublishedPort: port.published,
          PublishMode: 'host' as const,
        })),
      }),
    },
  });
};
