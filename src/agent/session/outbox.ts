import type { AgentMessage } from '../../model/protocol.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { Clock, Timer } from '../../platform/ports.ts';

/** Gathers observations for a few milliseconds: only the newest of each task counts. */
export interface Outbox extends Disposable {
  add(observation: TaskObservation): void;
  /** The manager takes messages again. */
  drained(): void;
}

const gatherMs = 3;
/** Observations in one message at most; the protocol takes 100,000. */
const maxBatch = 10_000;

export const createOutbox = (clock: Clock, send: (message: AgentMessage) => boolean): Outbox => {
  const waiting = new Map<string, TaskObservation>();
  let writable = true;
  let timer: Timer | undefined;
  const flush = () => {
    timer = undefined;
    while (writable && waiting.size > 0) {
      const tasks = [...waiting.values()].slice(0, maxBatch);
      for (const { taskId } of tasks) waiting.delete(taskId);
      writable = send({ kind: 'observations', tasks });
    }
  };
  return {
    add: (observation) => {
      // Deleted first, so that the order is that of the newest words: a task's successor is named before it speaks.
      waiting.delete(observation.taskId);
      waiting.set(observation.taskId, observation);
      if (writable) timer ??= clock.after(gatherMs, flush);
    },
    drained: () => {
      writable = true;
      flush();
    },
    [Symbol.dispose]: () => timer?.cancel(),
  };
};
