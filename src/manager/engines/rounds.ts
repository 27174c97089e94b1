/**
 * Does `work` one time after the other. Who asks while it is under way is served by the next time, together with all that
 * ask meanwhile: what comes back was begun after it was asked for. Rejects with what the work throws.
 */
export const createRounds = (work: () => Promise<void>): (() => Promise<void>) => {
  let next: PromiseWithResolvers<void> | undefined;
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    // What is asked for in the same turn belongs to the same round.
    await Promise.resolve();
    for (let current = next; current !== undefined; current = next) {
      next = undefined;
      await work().then(current.resolve, current.reject);
    }
    running = false;
  };
  return async () => {
    next ??= Promise.withResolvers<void>();
    const { promise } = next;
    if (!running) void run();
    await promise;
  };
};
