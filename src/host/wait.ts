import type { Clock } from '../platform/ports.ts';

const firstPauseMs = 5;
const lastPauseMs = 50;

/** Asks until the condition holds: true; or until `ms` are over: false. Throws the signal's reason. */
export const waitUntil = async (
  clock: Clock,
  condition: () => Promise<boolean>,
  ms: number,
  signal?: AbortSignal,
): Promise<boolean> => {
  const end = clock.monotonic() + ms;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, lastPauseMs)) {
    if (await condition()) return true;
    if (clock.monotonic() >= end) return false;
    await clock.sleep(pause, signal);
  }
};
