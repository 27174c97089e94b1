import type { Clock } from '../platform/ports.ts';

/**
 * What comes of a promise, or `late` where that takes longer than `ms`; whatever comes of it then is ignored. Rejects with
 * the promise, and with the signal's reason.
 */
export const within = async <Value>(
  ms: number,
  promise: Promise<Value>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<{ readonly value: Value } | 'late'> => {
  const done = new AbortController();
  const late = clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => 'late' as const);
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
};
