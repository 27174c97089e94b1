import type { NodeId, TaskId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';
import type { AssignmentDifference } from '../assignments/assignments.ts';

/** A difference as a node was told it. */
export interface Told {
  readonly nodeId: NodeId;
  readonly sequence: number;
  readonly difference: AssignmentDifference;
}

/** Watches when the endpoints of tasks that are to stop are out of use everywhere, and has their nodes told. */
export interface Withdrawals {
  /** These nodes were told at once. */
  told(all: readonly Told[]): void;
  /**
   * The node was told everything anew, these tasks to stop among it. What the others were told of them may have been in force
   * before there was anybody to tell; they are waited for as far as they are behind.
   */
  returned(nodeId: NodeId, taskIds: readonly TaskId[], waitsFor: ReadonlyMap<NodeId, number>): void;
  /** What the node was told up to this sequence is in force there. */
  inForce(nodeId: NodeId, sequence: number): void;
  /** The node has no session any more: nobody waits for it. */
  left(nodeId: NodeId): void;
}

export interface WithdrawalPorts {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly isLeaving: (taskId: TaskId) => boolean;
  readonly tell: (nodeId: NodeId, taskIds: readonly TaskId[]) => void;
}

interface Leaving {
  readonly nodeId: NodeId;
  /** Node → sequence that is to be in force there. */
  readonly waitsFor: Map<NodeId, number>;
  readonly since: number;
}

/** An agent waits less; one of a version before never says what is in force. */
const forgottenMs = 10_000;

export const createWithdrawals = ({ clock, isLeaving, tell }: WithdrawalPorts): Withdrawals => {
  const leaving = new Map<TaskId, Leaving>();

  /** Strikes the node out where it has done; tells whom nobody is waited for. */
  const strike = (nodeId: NodeId, sequence: number): void => {
    const done = new Map<NodeId, TaskId[]>();
    for (const [taskId, one] of leaving) {
      if ((one.waitsFor.get(nodeId) ?? Number.POSITIVE_INFINITY) > sequence) continue;
      one.waitsFor.delete(nodeId);
      if (one.waitsFor.size > 0) continue;
      leaving.delete(taskId);
      done.set(one.nodeId, [...(done.get(one.nodeId) ?? []), taskId]);
    }
    for (const [owner, taskIds] of done) tell(owner, taskIds);
  };

  return {
    told(all) {
      const since = clock.monotonic();
      for (const [taskId, one] of leaving) {
        if (since - one.since < forgottenMs) break;
        leaving.delete(taskId);
      }
      for (const { nodeId, sequence, difference } of all) {
        for (const item of difference.put) {
          if (item.kind !== 'endpoint' || item.ready || item.serviceId === undefined || !isLeaving(item.taskId))
            continue;
          const one = leaving.get(item.taskId) ?? { nodeId: item.nodeId, waitsFor: new Map<NodeId, number>(), since };
          one.waitsFor.set(nodeId, sequence);
          leaving.set(item.taskId, one);
        }
      }
    },
    returned(nodeId, taskIds, waitsFor) {
      const since = clock.monotonic();
      for (const taskId of taskIds) {
        if (!leaving.has(taskId)) leaving.set(taskId, { nodeId, waitsFor: new Map(waitsFor), since });
      }
    },
    inForce: strike,
    left: (nodeId) => strike(nodeId, Number.MAX_SAFE_INTEGER),
  };
};
