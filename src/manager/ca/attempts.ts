import type { Clock } from '../../platform/ports.ts';

/** Counts attempts per address, so that tokens cannot be guessed in bulk. */
export interface Attempts {
  /** False when the address has to wait. Each call counts as one attempt. */
  take(address: string): boolean;
}

/** Attempts that an address, and all together, may make at once, and how many come back per second. */
const limits = { address: { burst: 20, perSecond: 1 }, all: { burst: 500, perSecond: 50 } } as const;
const mostAddresses = 10_000;

interface Bucket {
  readonly left: number;
  readonly at: number;
}

const refilled = (bucket: Bucket | undefined, limit: { burst: number; perSecond: number }, now: number): number =>
  bucket === undefined
    ? limit.burst
    : Math.min(limit.burst, bucket.left + ((now - bucket.at) / 1000) * limit.perSecond);

export const createAttempts = (clock: Pick<Clock, 'monotonic'>): Attempts => {
  const buckets = new Map<string, Bucket>();
  let all: Bucket | undefined;
  return {
    take: (address) => {
      const now = clock.monotonic();
      const left = refilled(buckets.get(address), limits.address, now);
      const leftOfAll = refilled(all, limits.all, now);
      if (left < 1 || leftOfAll < 1) return false;
      // The one that was quiet for longest is forgotten first.
      buckets.delete(address);
      buckets.set(address, { left: left - 1, at: now });
      all = { left: leftOfAll - 1, at: now };
      const [oldest] = buckets.keys();
      if (buckets.size > mostAddresses && oldest !== undefined) buckets.delete(oldest);
      return true;
    },
  };
};
