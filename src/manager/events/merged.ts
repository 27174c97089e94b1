import type { Clock, Log } from '../../platform/ports.ts';
import { createBroadcast } from '../engines/broadcast.ts';
import { eachEngineEvent } from '../engines/each-event.ts';
import type { ClusterEvent, EngineEvent, Engines, Events, Inventory, MergedEvent, Queries } from '../manager.ts';
import { readHistory, slackMs } from './history.ts';
import { createReorder } from './reorder.ts';

/** How far apart events of several nodes may arrive and still be put in order. */
const holdMs = 50;
/** Kept for those who ask for the past; engines keep 256 each besides. */
const kept = 2_000;
const mostBehind = 10_000;
/** What happened so shortly before now may still be on its way. */
const overlapMs = 10_000;
/** The longest that a timer can be set for. */
const longestMs = 2 ** 31 - 1;

export interface MergedPorts {
  readonly inventory: Pick<Inventory, 'events'>;
  readonly engines: Engines;
  readonly queries: Queries;
  readonly clock: Clock;
  readonly log: Log;
}

export interface MergedEvents extends Disposable {
  readonly all: Events['all'];
  /** One of the cluster's own events. */
  tell(event: ClusterEvent): void;
}

/** The events of all engines and of the cluster's own objects as one stream. */
export const createMergedEvents = (ports: MergedPorts): MergedEvents => {
  const { clock } = ports;
  const recent: MergedEvent[] = [];
  const broadcast = createBroadcast<MergedEvent>(mostBehind);
  const reorder = createReorder<MergedEvent>(clock, holdMs, (event) => {
    recent.push(event);
    if (recent.length > kept * 2) recent.splice(0, recent.length - kept);
    broadcast.publish(event);
  });
  const pump = eachEngineEvent(ports, (event) => reorder.push(engineEvent(event)));
  return {
    tell: (event) => reorder.pass({ kind: 'cluster', timestamp: event.timestamp, event }),
    all: ({ since, until, signal }) => {
      const now = clock.now();
      const end = new AbortController();
      const over = AbortSignal.any([signal, end.signal]);
      // From this call on, not from the first read.
      const live = broadcast.batches(over);
      const early = new Set(reorder.held().filter(({ timestamp }) => since === undefined || timestamp < since));
      if (until !== undefined && until <= now) end.abort();
      const span =
        since === undefined && until === undefined
          ? undefined
          : { since: since ?? 0, until: Math.min(until ?? now, now) };
      return follow({ ports, live, early, recent: span === undefined ? [] : [...recent], span, until, end, signal });
    },
    [Symbol.dispose]: () => {
      pump[Symbol.dispose]();
      reorder[Symbol.dispose]();
    },
  };
};

const engineEvent = (event: EngineEvent): MergedEvent => ({
  kind: 'engine',
  timestamp: (event.event.timeNano ?? 0) / 1e6,
  event,
});

interface Following {
  readonly ports: MergedPorts;
  readonly live: AsyncGenerator<readonly MergedEvent[]>;
  /** Those among them that had arrived before, and are not asked for. */
  readonly early: Set<MergedEvent>;
  /** Those that were passed on already. */
  readonly recent: readonly MergedEvent[];
  /** The time whose past is asked for. */
  readonly span: { readonly since: number; readonly until: number } | undefined;
  readonly until: number | undefined;
  readonly end: AbortController;
  readonly signal: AbortSignal;
}

async function* follow(following: Following): AsyncGenerator<readonly MergedEvent[]> {
  const { ports, live, early, recent, span, until, end, signal } = following;
  const { clock } = ports;
  const timer =
    until === undefined || end.signal.aborted
      ? undefined
      : clock.after(Math.min(longestMs, Math.max(0, until - clock.now()) + 2 * holdMs), () => end.abort());
  try {
    const told = new Set<string>();
    if (span !== undefined) {
      const events = await past(ports, recent, span, signal);
      for (const event of events) {
        if (event.kind === 'engine' && event.timestamp > span.until - overlapMs) told.add(keyOf(event.event));
      }
      yield events;
    }
    // The past reached up to now: what was still on its way comes again.
    const isNew = (event: MergedEvent): boolean =>
      !early.delete(event) && (event.kind === 'cluster' || !told.delete(keyOf(event.event)));
    for await (const batch of live) {
      yield until === undefined && told.size + early.size === 0
        ? batch
        : batch.filter((event) => (until === undefined || event.timestamp <= until) && isNew(event));
    }
  } finally {
    timer?.cancel();
    end.abort();
    await live.return(undefined);
  }
}

const past = async (
  ports: MergedPorts,
  recent: readonly MergedEvent[],
  span: { readonly since: number; readonly until: number },
  signal: AbortSignal,
): Promise<readonly MergedEvent[]> => {
  const found = recent.filter(({ timestamp }) => timestamp >= span.since - slackMs && timestamp <= span.until);
  const known = new Set(found.flatMap((event) => (event.kind === 'engine' ? [keyOf(event.event)] : [])));
  for (const event of await readHistory(ports, span, signal)) {
    if (known.has(keyOf(event))) continue;
    known.add(keyOf(event));
    found.push(engineEvent(event));
  }
  return found.toSorted((left, right) => left.timestamp - right.timestamp);
};

const keyOf = ({ nodeId, event }: EngineEvent): string =>
  `${nodeId} ${event.timeNano} ${event.Type} ${event.Action} ${event.Actor?.ID}`;
