import type { Clock, Log } from '../../platform/ports.ts';
import { every } from '../../rpc/every.ts';
import type { Store } from '../../store/store.ts';
import { eachEngineEvent } from '../engines/each-event.ts';
import { noteRunning, runs } from './running.ts';
import type { EngineEvent, Inventory, KnownContainer } from '../manager.ts';

export interface ContainerStatusPorts {
  readonly store: Store;
  readonly inventory: Inventory;
  readonly clock: Pick<Clock, 'monotonic' | 'now' | 'after' | 'sleep'>;
  readonly log: Log;
}

/** How often all is compared with what the engines were last heard to say. */
const compareMs = 5_000;
/** And while the engines are being listed for the first time. */
const firstCompareMs = 500;
const beginningMs = 15_000;
/** An event is newer than the inventory for no longer than this. */
const freshMs = 3_000;
/** An engine gives a container ten seconds to end after the signal, unless it was told otherwise. */
const signalledMs = 60_000;

/** What becomes of a container with these events of its engine; others change nothing. */
const outcomes: Readonly<Record<string, boolean>> = { start: true, unpause: true, die: false, destroy: false };

/**
 * Notes which of the containers that have a row run, from the engines' events and, for what these missed, from the
 * inventory. What is not known stays as it was.
 */
export const startContainerStatus = (ports: ContainerStatusPorts): Disposable => {
  const { store, inventory, clock } = ports;
  const fresh = new Map<string, number>();
  /** By the engine's id: when they were last sent a signal. */
  const signalled = new Map<string, number>();

  const take = ({ nodeId, event }: EngineEvent): void => {
    const id = event.Actor?.ID ?? '';
    const running = event.Type === 'container' ? outcomes[event.Action ?? ''] : undefined;
    if (event.Type === 'container' && event.Action === 'kill') signalled.set(id, clock.monotonic());
    if (running === undefined) return;
    const wasEnded = signalled.delete(id) && !running;
    for (const row of store.view.find('container', 'engine', id)) {
      if (row.nodeId !== nodeId) continue;
      fresh.set(row.id, clock.monotonic());
      noteRunning(store, row, running, wasEnded ? clock.now() : undefined);
    }
  };
  const compare = (): void => {
    const now = clock.monotonic();
    for (const [id, at] of fresh) if (now - at > freshMs) fresh.delete(id);
    for (const [id, at] of signalled) if (now - at > signalledMs) signalled.delete(id);
    const known = new Map<string, ReadonlyMap<string, KnownContainer>>();
    for (const row of store.view.list('container')) {
      if (row.engineId === undefined || fresh.has(row.id) || !inventory.listed(row.nodeId)) continue;
      const of = known.get(row.nodeId) ?? new Map(inventory.of(row.nodeId).map((each) => [each.id, each]));
      known.set(row.nodeId, of);
      noteRunning(store, row, runs(of.get(row.engineId)?.summary.State));
    }
  };
  const forget = store.subscribe(({ changes }) => {
    const gone = changes.filter(({ table, after }) => table === 'container' && after === undefined);
    if (gone.length > 0)
      queueMicrotask(() =>
        dropAll(
          store,
          gone.map(({ id }) => id),
        ),
      );
  });
  const begun = clock.monotonic();
  const pauseMs = (): number => (clock.monotonic() - begun < beginningMs ? firstCompareMs : compareMs);
  const comparing = every(clock, pauseMs, compare);
  // The comparison finds what is missed.
  const following = eachEngineEvent(ports, take);
  return {
    [Symbol.dispose]() {
      following[Symbol.dispose]();
      comparing[Symbol.dispose]();
      forget[Symbol.dispose]();
    },
  };
};

const dropAll = (store: Store, ids: readonly string[]): void => {
  const there = ids.filter(
    (id) => store.view.get('container', id) === undefined && store.view.get('containerStatus', id) !== undefined,
  );
  if (there.length > 0) store.observe((soft) => there.forEach((id) => soft.drop('containerStatus', id)));
};
