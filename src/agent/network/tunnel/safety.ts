/** Holds up who must not act before what is wanted now has been made safe. */
export interface Safety extends Disposable {
  /** Something else may be wanted now. */
  ask(): void;
  /** A look at all that was asked for begins; what it gives is called when that is safe. */
  look(): () => void;
  /** Resolves when what was asked for last is safe; at once where it is. */
  safe(): Promise<void>;
}

export function createSafety(): Safety {
  /** The last of them is for what nobody has looked at yet, where there is such a thing. */
  let waiting: PromiseWithResolvers<void>[] = [];
  let looked = true;
  const resolve = (these: readonly PromiseWithResolvers<void>[]): void => {
    for (const one of these) one.resolve();
    waiting = waiting.filter((one) => !these.includes(one));
  };
  return {
    ask() {
      if (looked) waiting = [...waiting, Promise.withResolvers()];
      looked = false;
    },
    look() {
      const served = waiting;
      looked = true;
      return () => resolve(served);
    },
    safe: async () => await waiting.at(-1)?.promise,
    [Symbol.dispose]: () => resolve(waiting),
  };
}
