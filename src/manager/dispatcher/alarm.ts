import type { Clock, Timer } from '../../platform/ports.ts';
import { stalledMs } from './stall.ts';

/** Rings once at the soonest of the times that it was set to. */
export interface Alarm extends Disposable {
  /** To a time of the monotonic clock; what is past or near is a little later, what is far is sooner. */
  set(at: number): void;
}

/** It rings at most so often. */
const leastPauseMs = 50;
/** And at least so often, as long as it is set to anything. */
const longestPauseMs = 10_000;

/** @param ring Is told for how long this process was stopped meanwhile, 0 for not at all. */
export const createAlarm = (clock: Pick<Clock, 'monotonic' | 'after'>, ring: (stalledForMs: number) => void): Alarm => {
  let set: { readonly at: number; readonly timer: Timer } | undefined;
  let isOver = false;
  return {
    set(wanted) {
      const now = clock.monotonic();
      const at = Math.min(Math.max(wanted, now + leastPauseMs), now + longestPauseMs);
      if (isOver || (set !== undefined && at >= set.at)) return;
      set?.timer.cancel();
      const timer = clock.after(at - now, () => {
        set = undefined;
        ring(stalledMs(at, clock.monotonic()));
      });
      set = { at, timer };
    },
    [Symbol.dispose]() {
      isOver = true;
      set?.timer.cancel();
    },
  };
};
