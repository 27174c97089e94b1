import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Timer } from './ports.ts';

const after = (ms: number, call: () => void): Timer => {
  const timer = setTimeout(call, ms);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
};

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { ...(signal && { signal }) });
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};
