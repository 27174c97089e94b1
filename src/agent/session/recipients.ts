import type { TaskObservation } from '../../model/task.ts';
import { setAside } from '../reach/set-aside.ts';
import type { Assignments, NodeNetwork, NodeProxy, NodeReach, TaskWorker } from './ports.ts';
import type { NetworkReadiness } from './ready-networks.ts';

/** The parts of the node that go by what is assigned to it and by what is seen of its tasks. */
export interface Recipients {
  apply(assignments: Assignments): void;
  observe(observation: TaskObservation): void;
  /** Which nodes are reached has changed, and so what traffic is led by: not to where it does not arrive. */
  lead(): void;
}

export interface RecipientPorts {
  readonly worker: Pick<TaskWorker, 'apply'>;
  readonly network: Pick<NodeNetwork, 'apply' | 'observe'>;
  readonly proxy?: Pick<NodeProxy, 'apply' | 'observe'> | undefined;
  readonly reach?: Pick<NodeReach, 'apply' | 'lost'> | undefined;
}

const nobody: ReadonlySet<string> = new Set();

export const createRecipients = (
  { worker, network, proxy, reach }: RecipientPorts,
  readiness: Pick<NetworkReadiness, 'apply'>,
): Recipients => {
  let current: Assignments = new Map();
  const lead = (): void => {
    const led = setAside(current, reach?.lost() ?? nobody);
    network.apply(led);
    proxy?.apply(led);
  };
  return {
    apply(assignments) {
      current = assignments;
      reach?.apply(assignments);
      lead();
      readiness.apply(assignments);
      worker.apply(assignments);
    },
    observe(observation) {
      network.observe(observation);
      proxy?.observe(observation);
    },
    lead,
  };
};
