import type { Task } from '../../model/task.ts';
import { insert, removeFirst } from './strategies/heap.ts';

interface Entry {
  readonly at: number;
  readonly task: Task;
}

/** Tasks that may not be placed before a moment, by that moment. */
export class Later {
  readonly #tasks = new Map<string, Task>();
  readonly #heap: Entry[] = [];

  add(task: Task, at: number): void {
    this.#tasks.set(task.id, task);
    insert(this.#heap, { at, task }, isEarlier);
  }

  delete(taskId: string): boolean {
    return this.#tasks.delete(taskId);
  }

  /** The next moment, milliseconds since the epoch. */
  next(): number | undefined {
    let first = this.#heap[0];
    while (first !== undefined && this.#tasks.get(first.task.id) !== first.task) {
      removeFirst(this.#heap, isEarlier);
      first = this.#heap[0];
    }
    return first?.at;
  }

  /** Takes out what is due. */
  *due(now: number): Iterable<Task> {
    for (let at = this.next(); at !== undefined && at <= now; at = this.next()) {
      const entry = removeFirst(this.#heap, isEarlier) as Entry;
      this.#tasks.delete(entry.task.id);
      yield entry.task;
    }
  }
}

const isEarlier = (left: Entry, right: Entry): boolean => left.at < right.at;
