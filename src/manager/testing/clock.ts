import type { Clock } from '../../platform/ports.ts';

interface Pending {
  readonly at: number;
  readonly call: () => void;
}

export interface ManualClock extends Clock {
  /** Moves the time on, calling what becomes due on the way, in order. */
  advance(ms: number): void;
  /** Nothing happens for so long: timers that are due are late. */
  stall(ms: number): void;
  /** The moment of the next timer, if there is one. */
  next(): number | undefined;
}

/** A clock's `sleep`, by its timers. */
export const sleepBy =
  (after: Clock['after']): Clock['sleep'] =>
  (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const abort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = after(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });

/** Time that moves only when told to. */
export const manualClock = (start = 1_700_000_000_000): ManualClock => {
  let now = start;
  let number = 0;
  const timers = new Map<number, Pending>();
  const earliest = (): [number, Pending] | undefined => {
    let first: [number, Pending] | undefined;
    for (const entry of timers) if (first === undefined || entry[1].at < first[1].at) first = entry;
    return first;
  };
  const after = (ms: number, call: () => void) => {
    const id = number++;
    timers.set(id, { at: now + Math.max(0, ms), call });
    return { cancel: () => void timers.delete(id) };
  };
  return {
    now: () => now,
    monotonic: () => now,
    after,
    sleep: sleepBy(after),
    next: () => earliest()?.[1].at,
    stall: (ms) => {
      now += ms;
      for (const [id, { at, call }] of timers) {
        if (at > now || !timers.delete(id)) continue;
        call();
      }
    },
    advance: (ms) => {
      const end = now + ms;
      for (let first = earliest(); first !== undefined && first[1].at <= end; first = earliest()) {
        timers.delete(first[0]);
        now = Math.max(now, first[1].at);
        first[1].call();
      }
      now = end;
    },
  };
};
