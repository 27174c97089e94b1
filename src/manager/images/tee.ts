import { TuttiError } from '../../model/errors.ts';
import type { Clock, Timer } from '../../platform/ports.ts';

/** One of the readers of a stream that many read. */
export interface Reader extends AsyncIterable<Uint8Array> {
  /** It will not be read (any more). Needed only where nobody has begun to. */
  leave(): void;
}

interface Branch extends Reader {
  /** Resolves when there is room for the next one, or nobody reads here any more. */
  push(chunk: Uint8Array): Promise<void>;
  end(fault?: TuttiError): void;
  readonly over: () => boolean;
}

export interface TeeOptions {
  readonly clock: Clock;
  /** A reader that takes nothing for so long is left behind. */
  readonly stallMs: number;
}

/**
 * A stream for several readers: all get all of it, at the pace of the slowest, and nothing is kept. A reader that stops, or
 * that stalls, does not hold the others back. When the source breaks, so does each of them.
 */
export const tee = (source: AsyncIterable<Uint8Array>, readers: number, options: TeeOptions): readonly Reader[] => {
  let begun = false;
  const pump = async (): Promise<void> => {
    try {
      for await (const chunk of source) {
        const open = branches.filter((branch) => !branch.over());
        if (open.length === 0) return;
        await Promise.all(open.map(async (branch) => await branch.push(chunk)));
      }
      for (const branch of branches) branch.end();
    } catch (thrown) {
      const fault = TuttiError.from(thrown);
      for (const branch of branches) branch.end(fault);
    }
  };
  const begin = () => {
    if (begun) return;
    begun = true;
    void pump();
  };
  const branches = Array.from({ length: readers }, () => createBranch(options, begin));
  return branches;
};

const createBranch = ({ clock, stallMs }: TeeOptions, begin: () => void): Branch => {
  let held: Uint8Array | undefined;
  let ended = false;
  let fault: TuttiError | undefined;
  let filled = Promise.withResolvers<void>();
  let taken = Promise.withResolvers<void>();
  taken.resolve();

  const end = (reason?: TuttiError) => {
    if (ended) return;
    ended = true;
    fault = reason;
    filled.resolve();
    taken.resolve();
  };
  const room = async (): Promise<void> => {
    let timer: Timer | undefined;
    const stalled = () => end(new TuttiError('deadline-exceeded', `nothing was taken for ${stallMs / 1000} s`));
    timer = clock.after(stallMs, stalled);
    await taken.promise;
    timer.cancel();
  };
  return {
    over: () => ended,
    end,
    leave: () => end(),
    push: async (chunk) => {
      if (held !== undefined) await room();
      if (ended) return;
      held = chunk;
      taken = Promise.withResolvers();
      filled.resolve();
    },
    async *[Symbol.asyncIterator]() {
      begin();
      try {
        for (;;) {
          await filled.promise;
          const chunk = held;
          held = undefined;
          if (!ended) filled = Promise.withResolvers();
          taken.resolve();
          if (chunk !== undefined) yield chunk;
          else if (ended) break;
        }
        if (fault !== undefined) throw fault;
      } finally {
        end();
      }
    },
  };
};
