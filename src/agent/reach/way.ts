/** What is known of the way to one other node. Times are of the monotonic clock, in milliseconds. */
export interface Way {
  /** When the last try began. */
  readonly triedAt: number;
  /** When the first of the failures in a row began. */
  readonly failingSince: number;
  /** In a row. */
  readonly failures: number;
  /** In a row. */
  readonly successes: number;
  readonly lost: boolean;
}

/** One try: `unknown` where this node itself was not able to ask. */
export type Outcome = 'reached' | 'failed' | 'unknown';

/** A node that is slow for a second fails once; one try is over after a second. */
const lostAfter = { failures: 3, ms: 3_000 };
const backAfterSuccesses = 2;

const pauses = { steady: 2_000, failing: 500, lost: 1_000 };

/** The way after a try that began at `triedAt` and is over `now`. */
export function judgeWay(before: Way | undefined, outcome: Outcome, triedAt: number, now: number): Way {
  const { lost = false, failures = 0, successes = 0, failingSince = triedAt } = before ?? {};
  switch (outcome) {
    case 'unknown':
      return { triedAt, failingSince: triedAt, failures: 0, successes: 0, lost };
    case 'reached': {
      const row = successes + 1;
      return { triedAt, failingSince: triedAt, failures: 0, successes: row, lost: lost && row < backAfterSuccesses };
    }
    case 'failed': {
      const since = failures === 0 ? triedAt : failingSince;
      const isLost = failures + 1 >= lostAfter.failures && now - since >= lostAfter.ms;
      return { triedAt, failingSince: since, failures: failures + 1, successes: 0, lost: lost || isLost };
    }
  }
}

/** When it is to be tried again; a way of which nothing is known, at once. */
export function nextTryAt(way: Way | undefined): number {
  if (way === undefined) return Number.NEGATIVE_INFINITY;
  return way.triedAt + (way.lost ? pauses.lost : way.failures > 0 ? pauses.failing : pauses.steady);
}

/** It was this process that slept: what failed in that time says nothing. */
export const forgiven = (way: Way): Way => (way.lost ? way : { ...way, failures: 0 });

/** Those that are to be tried now, the ones in doubt first, then the ones that have waited longest; `most` at one time. */
export function dueWays(ways: ReadonlyMap<string, Way | undefined>, now: number, most: number): readonly string[] {
  return [...ways]
    .filter(([, way]) => nextTryAt(way) <= now)
    .toSorted(([, a], [, b]) => Number(isInDoubt(b)) - Number(isInDoubt(a)) || nextTryAt(a) - nextTryAt(b))
    .slice(0, most)
    .map(([id]) => id);
}

const isInDoubt = (way: Way | undefined): boolean => way !== undefined && way.failures > 0 && !way.lost;
