import type { TaskId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';

/** Tasks that are to stop, until nobody gives them anything new. */
export interface Withdrawals {
  /** Nobody gives these anything new any more. */
  told(taskIds: readonly TaskId[]): void;
  /** Resolves when that was told of the task, or would have been long ago, or the signal aborts. */
  wait(taskId: TaskId, signal: AbortSignal): Promise<void>;
  forget(taskId: TaskId): void;
}

/** `mostMs`: how long a stop waits for it at most; 0: not at all. */
export function createWithdrawals(clock: Pick<Clock, 'sleep'>, mostMs: number): Withdrawals {
  const done = new Set<TaskId>();
  const waiting = new Map<TaskId, () => void>();
  return {
    told(taskIds) {
      for (const id of taskIds) {
        done.add(id);
        waiting.get(id)?.();
      }
    },
    async wait(taskId, signal) {
      if (mostMs === 0 || done.has(taskId) || signal.aborted) return;
      const enough = new AbortController();
      waiting.set(taskId, () => enough.abort());
      await clock.sleep(mostMs, AbortSignal.any([signal, enough.signal])).catch(() => undefined);
      waiting.delete(taskId);
    },
    forget: (taskId) => void done.delete(taskId),
  };
}
