import type { Clock } from '../../platform/ports.ts';

/** Runs work with a bound on how much is under way; the urgent goes first, otherwise in order. */
export interface Lane {
  run(work: () => Promise<void>, urgent?: boolean): void;
  /** Resolves when nothing is under way or waiting. */
  idle(): Promise<void>;
  /** Something is under way. */
  busy(): boolean;
}

export interface LaneOptions {
  /**
   * A burst goes piece by piece until the first urgent one is done: the first container of many then runs after its own
   * time, not after that of all.
   */
  readonly ramp?: boolean;
  /** While any of these is busy only one piece is under way here: theirs is what somebody waits for. */
  readonly yieldTo?: readonly Pick<Lane, 'busy'>[];
  /**
   * A piece that takes longer than this waits for something else than the processor (a volume's server, say): it counts
   * no more, so that the others go on. Four times the limit is the end of that.
   */
  readonly patience?: { readonly ms: number; readonly clock: Pick<Clock, 'after'> };
}

/** `work` must not reject: its owner handles its faults. */
export function createLane(limit: number, { ramp = false, yieldTo = [], patience }: LaneOptions = {}): Lane {
  const urgentQueue: (() => Promise<void>)[] = [];
  const queue: (() => Promise<void>)[] = [];
  let running = 0;
  let slow = 0;
  let allowed = ramp ? 1 : limit;
  let idlers: (() => void)[] = [];
  const hasRoom = (): boolean =>
    running < limit * 4 && running - slow < (yieldTo.some((lane) => lane.busy()) ? 1 : allowed);
  const next = (): void => {
    while (hasRoom()) {
      const urgent = urgentQueue.shift();
      const work = urgent ?? queue.shift();
      if (work === undefined) break;
      begin(work, urgent !== undefined);
    }
    if (running > 0) return;
    allowed = ramp ? 1 : limit;
    for (const wake of idlers) wake();
    idlers = [];
  };
  const begin = (work: () => Promise<void>, urgent: boolean): void => {
    running += 1;
    let isSlow = false;
    const timer = patience?.clock.after(patience.ms, () => {
      isSlow = true;
      slow += 1;
      next();
    });
    void work().finally(() => {
      timer?.cancel();
      running -= 1;
      if (isSlow) slow -= 1;
      if (urgent) allowed = limit;
      next();
    });
  };
  return {
    run(work, urgent = false) {
      (urgent ? urgentQueue : queue).push(work);
      next();
    },
    busy: () => running > 0,
    async idle() {
      if (running === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      idlers.push(resolve);
      await promise;
    },
  };
}
