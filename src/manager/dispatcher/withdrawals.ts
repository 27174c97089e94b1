import type { NodeId, TaskId } from '../../model/ids.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import type { AssignmentDifference } from '../assignments/assignments.ts';
import { stalledMs } from './stall.ts';

/** What is to be in force on a node; `away`: whatever it is told when its agent is back. */
type Awaited = number | 'away';

/** A difference as a node was told it, or is going to be. */
export interface Told {
  readonly nodeId: NodeId;
  readonly sequence: Awaited;
  readonly difference: AssignmentDifference;
}

/** Watches when the endpoints of tasks that are to stop are out of use everywhere, and has their nodes told. */
export interface Withdrawals extends Disposable {
  /** These nodes were told at once. Of those without a session the ones that are away are waited for. */
  told(all: readonly Told[]): void;
  /**
   * The node was told everything anew, these tasks to stop among it. What the others were told of them may have been in force
   * before there was anybody to tell; they are waited for as far as they are behind.
   */
  returned(nodeId: NodeId, taskIds: readonly TaskId[], waitsFor: ReadonlyMap<NodeId, number>): void;
  /** What the node was told up to this sequence is in force there. */
  inForce(nodeId: NodeId, sequence: number): void;
  /** The node has no session any more: it goes by what it was told, and is waited for until it is back or given up. */
  left(nodeId: NodeId): void;
  /** It was told everything anew, under this sequence. */
  back(nodeId: NodeId, sequence: number): void;
  /** The node is given up: nobody waits for it. */
  gone(nodeId: NodeId): void;
}

export interface WithdrawalPorts {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly isLeaving: (taskId: TaskId) => boolean;
  readonly tell: (nodeId: NodeId, taskIds: readonly TaskId[]) => void;
  /** The node is not heard at the moment. */
  readonly isSilent: (nodeId: NodeId) => boolean;
}

interface Leaving {
  readonly nodeId: NodeId;
  readonly waitsFor: Map<NodeId, Awaited>;
  readonly since: number;
}

/**
 * A node that is heard and is so slow is waited for no longer: it may not be able to bring its network up to date at all. Nor do
 * agents of a version before ever say what is in force.
 */
const slowMs = 3_000;
/** An agent waits less. */
const forgottenMs = 20_000;

export const createWithdrawals = ({ clock, isLeaving, tell, isSilent }: WithdrawalPorts): Withdrawals => {
  const leaving = new Map<TaskId, Leaving>();
  const away = new Set<NodeId>();
  let timer: Timer | undefined;

  /** Tells of the tasks for which, after `strikeOut`, nobody is waited for. */
  const strike = (strikeOut: (one: Leaving) => void): void => {
    const done = new Map<NodeId, TaskId[]>();
    for (const [taskId, one] of leaving) {
      strikeOut(one);
      if (one.waitsFor.size > 0) continue;
      leaving.delete(taskId);
      done.set(one.nodeId, [...(done.get(one.nodeId) ?? []), taskId]);
    }
    for (const [owner, taskIds] of done) tell(owner, taskIds);
  };

  const strikeSlow = (dueAt: number): void => {
    timer = undefined;
    const now = clock.monotonic();
    if (stalledMs(dueAt, now) === 0) {
      strike(({ waitsFor, since }) => {
        if (now - since < slowMs) return;
        for (const nodeId of waitsFor.keys()) if (!away.has(nodeId) && !isSilent(nodeId)) waitsFor.delete(nodeId);
      });
    }
    if (leaving.size > 0) watchSlow();
  };
  const watchSlow = (): void => {
    const dueAt = clock.monotonic() + slowMs;
    timer ??= clock.after(slowMs, () => strikeSlow(dueAt));
  };
  const waitFor = (taskId: TaskId, one: Leaving): void => {
    leaving.set(taskId, one);
    watchSlow();
  };

  return {
    told(all) {
      const since = clock.monotonic();
      for (const [taskId, one] of leaving) {
        if (since - one.since < forgottenMs) break;
        leaving.delete(taskId);
      }
      for (const { nodeId, sequence, difference } of all) {
        if (sequence === 'away' && !away.has(nodeId)) continue;
        for (const item of difference.put) {
          if (item.kind !== 'endpoint' || item.ready || item.serviceId === undefined || !isLeaving(item.taskId))
            continue;
          const one = leaving.get(item.taskId) ?? { nodeId: item.nodeId, waitsFor: new Map<NodeId, Awaited>(), since };
          one.waitsFor.set(nodeId, sequence);
          waitFor(item.taskId, one);
        }
      }
    },
    returned(nodeId, taskIds, waitsFor) {
      const since = clock.monotonic();
      for (const taskId of taskIds) {
        if (leaving.has(taskId)) continue;
        const all = new Map<NodeId, Awaited>(waitsFor);
        for (const other of away) all.set(other, 'away');
        waitFor(taskId, { nodeId, waitsFor: all, since });
      }
    },
    inForce: (nodeId, upTo) =>
      strike(({ waitsFor }) => {
        const awaited = waitsFor.get(nodeId);
        if (typeof awaited === 'number' && awaited <= upTo) waitsFor.delete(nodeId);
      }),
    left(nodeId) {
      away.add(nodeId);
      for (const { waitsFor } of leaving.values()) if (waitsFor.has(nodeId)) waitsFor.set(nodeId, 'away');
    },
    back(nodeId, sequence) {
      if (!away.delete(nodeId)) return;
      for (const { waitsFor } of leaving.values()) if (waitsFor.has(nodeId)) waitsFor.set(nodeId, sequence);
    },
    gone(nodeId) {
      away.delete(nodeId);
      strike(({ waitsFor }) => void waitsFor.delete(nodeId));
    },
    [Symbol.dispose]: () => timer?.cancel(),
  };
};
