import type { Clock, Log, Timer } from '../../platform/ports.ts';
import { keptSince } from '../kept.ts';
import { storable, type Received } from './apply.ts';
import type { AgentStore, Assignments } from './ports.ts';

/** Keeps the newest assignments on disk, a moment after they change: what differs is written, not the whole set. */
export interface Keeper extends AsyncDisposable {
  /** `kept` is called when it is on disk, unless something newer came meanwhile. */
  keep(received: Received, kept: () => void): void;
}

const gatherMs = 100;
/** What could not be written is tried again after this. */
const retryMs = 1_000;

export const createKeeper = (store: AgentStore, clock: Clock, log: Log): Keeper => {
  let newest: { readonly received: Received; readonly kept: () => void } | undefined;
  let written: Assignments | undefined;
  let timer: Timer | undefined;
  let saving: Promise<void> = Promise.resolve();
  let closed = false;

  const saveIn = (ms: number) => {
    if (!closed) timer ??= clock.after(ms, () => void flush());
  };
  const save = async (): Promise<void> => {
    if (newest === undefined) return;
    const { received, kept } = newest;
    newest = undefined;
    try {
      await store.save(received.sequence, keptSince(written, received.assignments, storable));
      written = received.assignments;
      kept();
    } catch (error) {
      // A full disk: what runs goes on; only a restart without a manager would miss the newest changes.
      log.warn('assignments could not be kept on disk', { error: String(error) });
      newest ??= { received, kept };
      saveIn(retryMs);
    }
  };
  const flush = () => {
    timer = undefined;
    saving = saving.then(save);
    return saving;
  };
  return {
    keep: (received, kept) => {
      newest = { received, kept };
      saveIn(gatherMs);
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      timer?.cancel();
      await flush();
    },
  };
};
