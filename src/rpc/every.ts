import type { Clock, Timer } from '../platform/ports.ts';

/**
 * Calls in `ms`, and `ms` after each call has ended, until it is disposed of. The call must not throw or reject: whoever
 * gives it knows what to say of a fault. One that takes its time can see by `over` that it was disposed of meanwhile.
 */
export const every = (
  clock: Pick<Clock, 'after'>,
  ms: number | (() => number),
  call: (over: AbortSignal) => void | Promise<void>,
): Disposable => {
  const over = new AbortController();
  let timer: Timer | undefined;
  const wait = (): void => {
    if (!over.signal.aborted) timer = clock.after(typeof ms === 'number' ? ms : ms(), turn);
  };
  const turn = (): void => {
    const work = call(over.signal);
    if (work === undefined) wait();
    else void work.finally(wait);
  };
  wait();
  return {
    [Symbol.dispose]() {
      over.abort();
      timer?.cancel();
    },
  };
};
