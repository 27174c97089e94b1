import { sleepBy } from '../../src/manager/testing/clock.ts';
import type { Clock, Timer } from '../../src/platform/ports.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  call: (() => void) | undefined;
}

/**
 * Virtual time. Nothing happens between events; an event's promises run to their end before the next one. So a run
 * depends on nothing but the order of events, which depends on nothing but the seed.
 */
export class Timeline {
  #now = 0;
  #order = 0;
  readonly #heap: Event[] = [];
  /** The start, in milliseconds since the epoch: any fixed moment does. */
  readonly #epoch = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#epoch + this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): Timer {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, call };
    this.#push(event);
    return { cancel: () => void (event.call = undefined) };
  }

  /** Runs events until `done` holds (looked at after each event) or `untilMs` of virtual time is reached. */
  async run(untilMs: number, each: () => void, done: () => boolean = () => false): Promise<boolean> {
    await settle();
    for (;;) {
      if (done()) return true;
      const next = this.#heap[0];
      if (next === undefined || next.at > untilMs) {
        this.#now = Math.max(this.#now, untilMs);
        return done();
      }
      this.#pop();
      if (next.call === undefined) continue;
      this.#now = next.at;
      next.call();
      await settle();
      each();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    heap.push(event);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at] as Event, heap[parent] as Event)) break;
      [heap[at], heap[parent]] = [heap[parent] as Event, heap[at] as Event];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      let least = at;
      for (const child of [left, left + 1]) {
        const candidate = heap[child];
        if (candidate !== undefined && before(candidate, heap[least] as Event)) least = child;
      }
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least] as Event, heap[at] as Event];
      at = least;
    }
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** All promises that can go on have gone on: a turn of the event loop comes after every microtask. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that dies with its process: what was waiting then never goes on, as after kill -9. */
export interface ProcessClock extends Clock {
  kill(): void;
}

/** `skewMs`: how far the machine's time of day is off; what is measured with it is not. */
export function processClock(timeline: Timeline, skewMs = 0): ProcessClock {
  let alive = true;
  const pending = new Set<Timer>();
  const after = (ms: number, call: () => void): Timer => {
    if (!alive) return { cancel: () => undefined };
    const timer = timeline.after(ms, () => {
      pending.delete(timer);
      call();
    });
    pending.add(timer);
    return {
      cancel: () => {
        pending.delete(timer);
        timer.cancel();
      },
    };
  };
  return {
    now: () => timeline.now() + skewMs,
    monotonic: () => timeline.elapsed(),
    after,
    sleep: sleepBy(after),
    kill: () => {
      alive = false;
      for (const timer of pending) timer.cancel();
      pending.clear();
    },
  };
}
