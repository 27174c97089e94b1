import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { ClusterEvent, Events } from '../manager.ts';
import { eventsOf } from './translate.ts';

const kept = 1_000;
const mostBehind = 10_000;

/** One reader: what it has not read yet, and how to wake it. */
interface Reader {
  readonly queue: ClusterEvent[];
  wake: () => void;
  overrun: boolean;
}

/** Turns commits into events, keeps the last of them, and gives them to `tell` and to any number of readers until it is disposed. */
export const createEvents = (
  store: Pick<Store, 'view' | 'subscribe'>,
  clock: Clock,
  tell: (event: ClusterEvent) => void,
): Pick<Events, 'stream'> & Disposable => {
  const recent: ClusterEvent[] = [];
  const readers = new Set<Reader>();
  const subscription = store.subscribe((commit) => {
    const events = eventsOf(commit, store.view, clock.now());
    if (events.length === 0) return;
    recent.push(...events);
    recent.splice(0, recent.length - kept);
    for (const reader of readers) hand(reader, events);
    for (const event of events) tell(event);
  });
  return {
    stream: ({ since, until, signal }) => {
      const queue = since === undefined ? [] : recent.filter(({ timestamp }) => timestamp >= since);
      const reader: Reader = { queue, wake: () => {}, overrun: false };
      readers.add(reader);
      return read(reader, { until, signal, clock, done: () => readers.delete(reader) });
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
};

const hand = (reader: Reader, events: readonly ClusterEvent[]): void => {
  if (reader.queue.length + events.length > mostBehind) {
    reader.overrun = true;
    reader.queue.length = 0;
  } else reader.queue.push(...events);
  reader.wake();
};

interface ReadOptions {
  readonly until: number | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly done: () => void;
}

async function* read(reader: Reader, { until, signal, clock, done }: ReadOptions): AsyncGenerator<ClusterEvent> {
  const wake = (): void => reader.wake();
  const timer = until === undefined ? undefined : clock.after(Math.max(0, until - clock.now()), wake);
  signal.addEventListener('abort', wake);
  try {
    for (;;) {
      if (signal.aborted) return;
      if (reader.overrun) throw new TuttiError('resource-exhausted', 'this reader of events fell too far behind');
      const event = reader.queue.shift();
      if (event !== undefined && (until === undefined || event.timestamp <= until)) yield event;
      else if (until !== undefined && clock.now() >= until) return;
      else if (event === undefined) await new Promise<void>((resolve) => (reader.wake = resolve));
    }
  } finally {
    signal.removeEventListener('abort', wake);
    timer?.cancel();
    done();
  }
}
