import type { CallPorts } from '../../manager/engines/call.ts';
import type { Manager, NodeRecord } from '../../manager/manager.ts';
import type { Clock, Randomness } from '../../platform/ports.ts';

/** What the dialect needs from outside. */
export interface DockerContext {
  readonly manager: Manager;
  readonly clock: Clock;
  readonly random: Randomness;
  /** Tutti's own version. */
  readonly version: string;
  /** Takes this manager's machine out of the cluster, which ends it; the manager is stopped by that. Absent: it cannot. */
  readonly leave?: () => void;
  /** The node that this manager runs on, which clients call "self". Absent: the leader. */
  readonly nodeId?: string;
}

/** What one engine is asked with. */
export const engineOf = ({ manager, clock }: Pick<DockerContext, 'manager' | 'clock'>): CallPorts => ({
  engines: manager.engines,
  clock,
});

/** The node that answers, where it is known already. */
export const selfNode = ({ manager, nodeId }: DockerContext): NodeRecord | undefined => {
  const nodes = manager.queries.nodes();
  return (
    nodes.find((record) => record.node.id === nodeId) ??
    nodes.find((record) => record.manager?.leader === true) ??
    nodes.find((record) => record.node.spec.role === 'manager')
  );
};
