import type { Clock } from '../../platform/ports.ts';

/** Whether the engine answers, and since when it does not. */
export interface Contact {
  /** From now on it is asked. */
  begin(): void;
  /** It was listed: `first` time ever, or after it was `lost`. */
  listed(): { readonly first: boolean; readonly lost: boolean };
  /** It has not answered since then, by the monotonic clock. */
  lost(since: number): void;
  /** Without a listing nothing is known of what runs. */
  known(): boolean;
  /** For how long it has not answered, in milliseconds; undefined while it does. */
  awayMs(): number | undefined;
}

/** An engine that was not listed within this does not answer, as far as the manager is concerned. */
const firstListingMs = 500;

export function createContact(clock: Pick<Clock, 'monotonic'>): Contact {
  let begunAt: number | undefined;
  let lostAt: number | undefined;
  let known = false;
  return {
    begin: () => void (begunAt = clock.monotonic()),
    listed() {
      const before = { first: !known, lost: lostAt !== undefined };
      known = true;
      lostAt = undefined;
      return before;
    },
    lost: (since) => void (lostAt ??= since),
    known: () => known,
    awayMs() {
      const now = clock.monotonic();
      if (lostAt !== undefined) return now - lostAt;
      const unlisted = known || begunAt === undefined ? 0 : now - begunAt;
      return unlisted < firstListingMs ? undefined : unlisted;
    },
  };
}
