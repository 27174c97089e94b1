import type { Assignment } from '../../model/assignment.ts';
import { assignmentKey } from '../../model/protocol.ts';

/** Assignments that are given together, with what changed among them since the last `settle`. */
export class Group {
  readonly items = new Map<string, Assignment>();
  /** By key: the new value, or undefined where it is gone. */
  readonly pending = new Map<string, Assignment | undefined>();

  put(item: Assignment): void {
    const key = assignmentKey(item);
    this.items.set(key, item);
    this.pending.set(key, item);
  }

  remove(key: string): void {
    if (this.items.delete(key)) this.pending.set(key, undefined);
  }

  /** All keys that somebody may have been told: those that are, and those that just went. */
  known(): ReadonlySet<string> {
    return new Set([...this.items.keys(), ...this.pending.keys()]);
  }

  settle(): void {
    this.pending.clear();
  }
}

/** How often each key is needed. */
export class Counter {
  readonly #counts = new Map<string, number>();

  /** True when the key is needed for the first time. */
  add(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    this.#counts.set(key, count + 1);
    return count === 0;
  }

  /** True when the key is needed no more. */
  drop(key: string): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) {
      this.#counts.set(key, count - 1);
      return false;
    }
    return this.#counts.delete(key);
  }

  has(key: string): boolean {
    return this.#counts.has(key);
  }

  keys(): Iterable<string> {
    return this.#counts.keys();
  }
}
