/** At most `places` pieces of work at once; the others wait their turn, first come first served. */
export const createGate = (places: number) => {
  let free = places;
  const queue: (() => void)[] = [];
  const enter = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => {
      const at = queue.indexOf(resolve);
      // Else its turn has just come.
      if (at < 0) return;
      queue.splice(at, 1);
      reject(signal.reason as Error);
    };
    queue.push(resolve);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
  return async <Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> => {
    await enter(signal);
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};
