import { TuttiError } from '../../model/errors.ts';
import type { Timer } from '../../platform/ports.ts';
import type { Attachments, FollowPorts } from './ports.ts';

/** Inspections of containers, up to eight at a time; what failed is tried again after a growing pause. */
export interface Looks extends AsyncDisposable {
  /** They are looked at after this, also those that are being looked at. */
  want(ids: Iterable<string>): void;
  /** Whether an answer is on its way, which may be out of date. */
  isUnderWay(id: string): boolean;
  /** It is not to be looked at any more. */
  forget(id: string): void;
  /** Those that were asked for and are not answered, whether there is still hope or the last try has failed. */
  unanswered(): readonly string[];
  /** Resolves when all that was asked for until now is answered; rejects with why it is not. */
  settled(): Promise<void>;
}

export interface LooksListener {
  /** Undefined: there is no such container. */
  inspected(id: string, found: Attachments | undefined): void;
  /** Everything that was asked for is answered. */
  rested(): void;
}

const mostAtOnce = 8;
const firstRetryMs = 250;
const lastRetryMs = 10_000;

export function createLooks({ engine, clock, log }: FollowPorts, { inspected, rested }: LooksListener): Looks {
  const ended = new AbortController();
  const { signal } = ended;
  const waiting = new Set<string>();
  const looking = new Map<string, Promise<void>>();
  const failed = new Map<string, TuttiError>();
  let retry: Timer | undefined;
  let retryMs = firstRetryMs;

  const look = async (id: string): Promise<void> => {
    try {
      const found = await engine.attachmentsOf(id, { signal });
      failed.delete(id);
      inspected(id, found);
    } catch (thrown) {
      failed.set(id, TuttiError.from(thrown));
    }
  };
  const again = (): void => {
    retry = undefined;
    retryMs = Math.min(retryMs * 2, lastRetryMs);
    want(failed.keys());
  };
  const retryLater = (): void => {
    const [reason] = [...failed.values()].map(({ message }) => message);
    log.warn('containers could not be inspected', { containers: failed.size, reason, retryMs });
    retry = clock.after(retryMs, again);
  };
  const proceed = (): void => {
    if (signal.aborted) return;
    for (const id of waiting) {
      if (looking.size >= mostAtOnce) return;
      if (looking.has(id)) continue;
      waiting.delete(id);
      const done = look(id).finally(() => {
        looking.delete(id);
        proceed();
      });
      looking.set(id, done);
    }
    if (looking.size > 0) return;
    if (failed.size === 0) {
      retryMs = firstRetryMs;
      rested();
    } else if (retry === undefined) retryLater();
  };
  const want = (ids: Iterable<string>): void => {
    for (const id of ids) waiting.add(id);
    proceed();
  };
  return {
    want,
    isUnderWay: (id) => looking.has(id),
    forget(id) {
      waiting.delete(id);
      failed.delete(id);
    },
    unanswered: () => [...new Set([...waiting, ...looking.keys(), ...failed.keys()])],
    async settled() {
      const asked = [...waiting, ...looking.keys()];
      while (!signal.aborted && asked.some((id) => waiting.has(id) || looking.has(id))) {
        await Promise.race(looking.values());
      }
      for (const fault of failed.values()) throw fault;
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      retry?.cancel();
      await Promise.all(looking.values());
    },
  };
}
