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
   * A burst begins with one piece, and one more is allowed with each that is done: the first container of many then runs
   * after its own time, not after that of all.
   */
  readonly ramp?: boolean;
  /** While any of these is busy only one piece is under way here: theirs is what somebody waits for. */
  readonly yieldTo?: readonly Pick<Lane, 'busy'>[];
}

/** `work` must not reject: its owner handles its faults. */
export function createLane(limit: number, { ramp = false, yieldTo = [] }: LaneOptions = {}): Lane {
  const urgentQueue: (() => Promise<void>)[] = [];
  const queue: (() => Promise<void>)[] = [];
  let running = 0;
  let allowed = ramp ? 1 : limit;
  let idlers: (() => void)[] = [];
  const next = (): void => {
    while (running < (yieldTo.some((lane) => lane.busy()) ? 1 : allowed)) {
      const work = urgentQueue.shift() ?? queue.shift();
      if (work === undefined) break;
      running += 1;
      void work().finally(() => {
        running -= 1;
        allowed = Math.min(limit, allowed + 1);
        next();
      });
    }
    if (running > 0) return;
    allowed = ramp ? 1 : limit;
    for (const wake of idlers) wake();
    idlers = [];
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
