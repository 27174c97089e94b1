import { TuttiError } from '../model/errors.ts';
import type { Commit } from './store.ts';

/**
 * The latest durable commits, bounded by the rows that they changed, and the readers that follow them. A reader is a
 * position, not a queue: one that falls behind the oldest commit kept is told so, and costs nothing meanwhile.
 */
export class History {
  readonly #limit: number;
  #commits: Commit[] = [];
  /** Position of `#commits[0]` counted from the start of the store. */
  #first = 0;
  #rows = 0;
  /** Revision before the first commit kept. */
  #base: number;
  #closed = false;
  readonly #waiting = new Set<() => void>();

  constructor(base: number, limit: number) {
    this.#base = base;
    this.#limit = limit;
  }

  add(commit: Commit): void {
    this.#commits.push(commit);
    this.#rows += commit.changes.length;
    this.#trim();
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Commits after revision `from`; see `Store.watch`. */
  follow(from: number | undefined, signal: AbortSignal): AsyncIterable<Commit> {
    const position = from === undefined ? this.#end() : this.#positionAfter(from);
    return this.#read(position, signal);
  }

  async *#read(start: number, signal: AbortSignal): AsyncIterable<Commit> {
    let position = start;
    while (!signal.aborted) {
      if (position < this.#first) throw compacted(`the reader is more than ${this.#limit} changed rows behind`);
      const commit = this.#commits[position - this.#first];
      if (commit !== undefined) {
        position += 1;
        yield commit;
      } else if (this.#closed) {
        return;
      } else {
        await this.#next(signal);
      }
    }
  }

  async #next(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #end(): number {
    return this.#first + this.#commits.length;
  }

  #positionAfter(revision: number): number {
    const last = this.#commits.at(-1)?.revision ?? this.#base;
    if (revision > last) {
      throw new TuttiError('invalid-argument', `revision ${revision} is in the future: the store is at ${last}`);
    }
    if (revision < this.#base) throw compacted(`commits before revision ${this.#base + 1} are not kept`);
    let low = 0;
    let high = this.#commits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#commits[middle] as Commit).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }

  /** Drops the oldest half of what is over the limit at once, so that dropping costs next to nothing per commit. */
  #trim(): void {
    if (this.#rows <= this.#limit || this.#commits.length < 2) return;
    let drop = 0;
    while (drop < this.#commits.length - 1 && this.#rows > this.#limit / 2) {
      const commit = this.#commits[drop] as Commit;
      this.#rows -= commit.changes.length;
      this.#base = commit.revision;
      drop += 1;
    }
    this.#commits = this.#commits.slice(drop);
    this.#first += drop;
  }
}

const compacted = (why: string): TuttiError =>
  new TuttiError('resource-exhausted', `${why}; read everything again and watch from there`);
