import type { Task } from '../../model/task.ts';

/** A task that may have been placed, or gone, since it came: then its state is not `pending` any more. */
interface Queued {
  readonly task: Task;
  readonly state: string;
}

/** Below so many entries that are of no use any more nothing is tidied. */
const slack = 1_024;

/** The tasks of a group that are to be placed, in the order that they came. */
export class PendingQueue<Item extends Queued> {
  /** With some that are no longer pending: they are passed over. */
  #entries: Item[] = [];
  /** Everything before it has left. */
  #head = 0;
  /** Of everything before it, it was said why it waits. */
  #told = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(entry: Item): void {
    this.#entries.push(entry);
    this.#size += 1;
  }

  /** One of the entries is no longer pending. */
  drop(): void {
    this.#size -= 1;
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#told = 0;
    this.#size = 0;
  }

  /** Gives the pending tasks to `take`, in order, until it refuses one. */
  walk(take: (entry: Item) => boolean): void {
    for (; this.#head < this.#entries.length; this.#head += 1) {
      const entry = this.#entries[this.#head] as Item;
      if (entry.state === 'pending' && !take(entry)) break;
    }
    this.#tidy();
  }

  /** Pending tasks of which it was not said yet why they wait, or all; from now on it was. */
  tell(all: boolean): readonly Task[] {
    const from = all ? this.#head : Math.max(this.#head, this.#told);
    const entries = this.#entries.slice(from).filter(({ state }) => state === 'pending');
    this.#told = this.#entries.length;
    return entries.map(({ task }) => task);
  }

  #tidy(): void {
    if (this.#entries.length <= 2 * this.#size + slack) return;
    const told = this.#entries.slice(this.#head, this.#told).filter(({ state }) => state === 'pending').length;
    this.#entries = this.#entries.slice(this.#head).filter(({ state }) => state === 'pending');
    this.#head = 0;
    this.#told = told;
  }
}
