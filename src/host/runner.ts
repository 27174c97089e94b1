import type { Clock, Timer } from '../platform/ports.ts';

export interface Runner extends AsyncDisposable {
  /** Takes the step now; where it is being taken, once more behind it. Resolves when none is to be taken. */
  run(): Promise<void>;
}

/**
 * Takes a step when it is told to and again after the time that the step says, in milliseconds: one at a time, and one timer
 * at most. The step throws nothing.
 */
export const createRunner = (step: () => Promise<number>, clock: Pick<Clock, 'after'>): Runner => {
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let ended = false;

  const take = async (): Promise<void> => {
    let next: number;
    do {
      again = false;
      next = await step();
    } while (again && !ended);
    running = undefined;
    if (!ended) timer = clock.after(next, () => void run());
  };
  const run = async (): Promise<void> => {
    if (running === undefined) {
      timer?.cancel();
      running = take();
    } else again = true;
    await running;
  };
  return {
    run,
    [Symbol.asyncDispose]: async () => {
      ended = true;
      timer?.cancel();
      await running;
    },
  };
};
