import type { Assignment } from '../../model/assignment.ts';
import { isWanted } from '../../core/task/known.ts';
import { nodeId as nodeIdSchema } from '../../model/ids.ts';
import type { NodeId, TaskId } from '../../model/ids.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { Assignments } from '../assignments/assignments.ts';
import type { Session } from './session.ts';
import { createWithdrawals } from './withdrawals.ts';
import type { Told, Withdrawals } from './withdrawals.ts';

/** Tells sessions what changed, and nodes when the tasks that they are to stop are out of use. */
export interface Telling extends Disposable {
  readonly withdrawals: Pick<Withdrawals, 'inForce' | 'left' | 'gone'>;
  /**
   * The node was told everything, under this sequence. One that was away may have tasks to stop of which nobody said a word to it
   * when the others were told.
   */
  toldAll(nodeId: NodeId, set: ReadonlyMap<string, Assignment>, sequence: number): void;
}

export interface TellingPorts {
  readonly store: Pick<Store, 'view'>;
  readonly assignments: Pick<Assignments, 'changes' | 'onChange'>;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly sessions: ReadonlyMap<NodeId, Session>;
  /** The node is not heard at the moment. */
  readonly isSilent: (nodeId: NodeId) => boolean;
}

/** Changes are gathered this long before agents are told, so that one service is one message per node. */
const gatherMs = 2;

export const createTelling = ({ store, assignments, clock, sessions, isSilent }: TellingPorts): Telling => {
  const isLeaving = (taskId: TaskId): boolean => {
    const task = store.view.get('task', taskId);
    return task !== undefined && !isWanted(task);
  };
  const withdrawals = createWithdrawals({
    clock,
    isLeaving,
    isSilent,
    tell: (nodeId, tasks) => void sessions.get(nodeId)?.channel.send({ kind: 'withdrawn', tasks: [...tasks] }),
  });
  let gathering: Timer | undefined;

  const tell = (): void => {
    gathering = undefined;
    const told: Told[] = [];
    for (const [id, difference] of assignments.changes()) {
      const nodeId = nodeIdSchema.safeParse(id).data;
      if (nodeId === undefined) continue;
      const session = sessions.get(nodeId);
      const sequence = session === undefined ? 'away' : session.push(difference);
      if (sequence !== undefined) told.push({ nodeId, sequence, difference });
    }
    withdrawals.told(told);
  };
  const changes = assignments.onChange(() => {
    gathering ??= clock.after(gatherMs, tell);
  });

  return {
    withdrawals,
    toldAll(nodeId, set, sequence) {
      withdrawals.back(nodeId, sequence);
      const leaving = [...set.values()].flatMap((item) =>
        item.kind === 'task' && isLeaving(item.id) ? [item.id] : [],
      );
      if (leaving.length === 0) return;
      const behind = new Map([[nodeId, sequence]]);
      for (const [other, session] of sessions) {
        const pending = other === nodeId ? undefined : session.pending();
        if (pending !== undefined) behind.set(other, pending);
      }
      withdrawals.returned(nodeId, leaving, behind);
    },
    [Symbol.dispose]: () => {
      changes[Symbol.dispose]();
      gathering?.cancel();
      withdrawals[Symbol.dispose]();
    },
  };
};
