import { performance } from 'node:perf_hooks';
import type { Clock } from './ports.ts';

const lookMs = 10_000;
/** Of the time between two looks. */
const idleShare = 0.05;
const worthBytes = 8 * 1024 * 1024;

/** What is looked at, and done. */
export interface Heap {
  /** The share of the time since it was asked last in which the process had something to do. */
  busy(): number;
  /** Of physical memory. */
  residentBytes(): number;
  /** Gives back all that can be; does nothing where node was started without `--expose-gc`. */
  collect(): void;
}

const ownHeap = (): Heap => {
  let before = performance.eventLoopUtilization();
  return {
    busy: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    residentBytes: () => process.memoryUsage.rss(),
    // Any other collection leaves the pages of what it has freed with V8, a fifth of what a manager holds.
    collect: () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
  };
};

/**
 * After work comes rest: a daemon that has nothing to do for a moment gives back what its work has left behind. V8 would
 * keep that until more work makes it look.
 */
export const collectWhenIdle = (clock: Pick<Clock, 'after'>, heap = ownHeap()): Disposable => {
  let left = 0;
  const look = (): void => {
    timer = clock.after(lookMs, look);
    if (heap.busy() > idleShare || heap.residentBytes() < left + worthBytes) return;
    heap.collect();
    left = heap.residentBytes();
  };
  let timer = clock.after(lookMs, look);
  return { [Symbol.dispose]: () => timer.cancel() };
};
