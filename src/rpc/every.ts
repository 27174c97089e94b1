import type { Clock, Timer } from '../platform/ports.ts';

/**
 * Calls in `ms`, and `ms` after each call has ended, until it is disposed of. The call must not throw or reject: whoever
 * gives it knows what to say of a fault.
 */
export const every = (
  clock: Pick<Clock, 'after'>,
  ms: number | (() => number),
  call: () => void | Promise<void>,
): Disposable => {
  let isOver = false;
  let timer: Timer | undefined;
  const wait = (): void => {
    if (!isOver) timer = clock.after(typeof ms === 'number' ? ms : ms(), turn);
  };
  const turn = (): void => {
    const work = call();
    if (work === undefined) wait();
    else void work.finally(wait);
  };
  wait();
  return {
    [Symbol.dispose]() {
      isOver = true;
      timer?.cancel();
    },
  };
};
