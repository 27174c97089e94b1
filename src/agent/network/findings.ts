import type { Clock } from '../../platform/ports.ts';

/** Something of the node's network that was not as it should be, when it was looked at. */
export interface Finding {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `routes`, `rules`, `bridges`, … */
  readonly what: string;
  /** The first of what differed, for people. */
  readonly details: readonly string[];
  /** How many differed in all. */
  readonly count: number;
  readonly mended: boolean;
}

/** The last findings, oldest first: what `tutti doctor` shows. */
export interface Findings {
  note(what: string, details: readonly string[], mended: boolean): void;
  list(): readonly Finding[];
}

const kept = 64;
const shown = 5;

export function createFindings(clock: Pick<Clock, 'now'>): Findings {
  const all: Finding[] = [];
  return {
    note(what, details, mended) {
      const before = all.at(-1);
      const finding = { at: clock.now(), what, details: details.slice(0, shown), count: details.length, mended };
      // What fails again and again is one finding.
      const same =
        before?.what === what && !before.mended && !mended && before.details.join() === finding.details.join();
      if (same) all.pop();
      all.push(finding);
      if (all.length > kept) all.shift();
    },
    list: () => [...all],
  };
}
