import { tend } from '../../core/tend/tend.ts';
import type { NodeStanding, TendAction } from '../../core/tend/tend.ts';
import { TuttiError } from '../../model/errors.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { Change, View } from '../../store/store.ts';
import { eachEngineEvent } from '../engines/each-event.ts';
import { createGate } from '../images/gate.ts';
import { startLoop } from '../loops/loop.ts';
import type { PassContext } from '../loops/loop.ts';
import { takeStep } from './steps.ts';
import type { StepContext } from './steps.ts';

/** Containers of a lost node are made again so many at once. */
const places = 16;
const retryMs = 5_000;
const waitMs = 30_000;
/** An engine is read anew when its node comes back; what was removed there meanwhile shows after about this. */
const listedMs = 2_000;
/** From the end of a container to that of its engine, where this is shut down; the engine ends after 15 s. */
const shutdownMs = 30_000;

export interface TendLoop extends AsyncDisposable {
  /** Looks at the container with this row's id, for a reason that no commit tells. */
  mark(containerIds: Iterable<string>): void;
}

/**
 * Keeps the rows of single containers true to their engines, and makes those that asked for it again when their node is
 * lost. Each is worked on by itself: one that takes long holds up no other.
 */
export const startTendLoop = (context: StepContext): TendLoop => {
  const { store, inventory, clock, log, making } = context;
  const stop = new AbortController();
  const gate = createGate(places);
  const busy = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const waiting = new Set<string>();

  const work = async (row: SingleContainer, actions: readonly TendAction[], wake: PassContext): Promise<void> => {
    try {
      const results = await gate(stop.signal, async () => {
        const done = [];
        for (const action of actions) done.push(await takeStep(context, row, action, stop.signal));
        return done;
      });
      waiting.delete(row.id);
      if (!results.includes('waiting')) return;
      waiting.add(row.id);
      wake.wakeAt(row.id, clock.now() + waitMs);
    } catch (thrown) {
      if (stop.signal.aborted) return;
      const { code, message } = TuttiError.from(thrown);
      // The row has changed meanwhile: it is looked at again by itself.
      if (code === 'version-mismatch') return;
      log.warn('container cannot be tended now', { container: row.spec.name, code, reason: message });
      wake.wakeAt(row.id, clock.now() + retryMs);
    }
  };
  const begin = (row: SingleContainer, actions: readonly TendAction[], wake: PassContext): void => {
    const working = work(row, actions, wake).finally(() => {
      busy.delete(row.id);
      if (again.delete(row.id)) loop.mark([row.id]);
    });
    busy.set(row.id, working);
  };
  const loop = startLoop(
    {
      name: 'containers',
      dirty: ({ changes }, mark) => {
        for (const change of changes) noteChange(store.view, change, waiting, mark);
      },
      all: (view) => Array.from(view.list('container'), ({ id }) => id),
      pass: async (ids, wake) => {
        for (const id of ids) {
          const row = store.view.get('container', id);
          if (row === undefined || making.has(id)) continue;
          if (busy.has(id)) {
            again.add(id);
            continue;
          }
          const listed = inventory.listed(row.nodeId);
          const there = standingOf(store.view, row.nodeId);
          const running = runningOn(store.view, row, there, clock.now());
          const actions = tend({
            container: row,
            standing: (nodeId) => standingOf(store.view, nodeId),
            listed,
            known: row.engineId === undefined ? undefined : inventory.on(row.nodeId, row.engineId),
            running: running.told,
          });
          if (actions.length > 0) begin(row, actions, wake);
          else if (!listed && there === 'ready') wake.wakeAt(id, clock.now() + listedMs);
          if (running.until !== undefined) wake.wakeAt(id, running.until);
        }
      },
    },
    context,
  );
  // What is missed, the full pass finds.
  const following = eachEngineEvent(context, ({ event }) => {
    if (event.Type !== 'container' || !['destroy', 'rename'].includes(event.Action ?? '')) return;
    loop.mark(store.view.find('container', 'engine', event.Actor?.ID ?? '').map(({ id }) => id));
  });
  return {
    mark: loop.mark,
    async [Symbol.asyncDispose]() {
      stop.abort();
      following[Symbol.dispose]();
      await loop[Symbol.asyncDispose]();
      await Promise.all(busy.values());
    },
  };
};

/**
 * As its node's engine said; of another node's it says nothing. An end that may be its engine's counts for nothing as long
 * as the node may go: where it goes, the container ran. `until`: then it counts.
 */
const runningOn = (
  view: View,
  { id, nodeId, spec }: SingleContainer,
  standing: NodeStanding,
  now: number,
): { readonly told?: boolean; readonly until?: number } => {
  const status = view.get('containerStatus', id);
  if (status?.nodeId !== nodeId) return {};
  const { running, endedAt } = status;
  if (running || endedAt === undefined || spec.reschedule === 'off') return { told: running };
  if (standing !== 'ready') return {};
  const until = endedAt + shutdownMs;
  return now < until ? { until } : { told: running };
};

const standingOf = (view: View, nodeId: string): NodeStanding => {
  if (view.get('node', nodeId) === undefined) return 'removed';
  const state = view.get('nodeStatus', nodeId)?.state;
  return state === 'ready' || state === 'down' ? state : 'away';
};

const noteChange = (
  view: View,
  change: Change,
  waiting: ReadonlySet<string>,
  mark: (containerId: string) => void,
): void => {
  if (change.table === 'container') {
    if (change.after !== undefined) mark(change.id);
    return;
  }
  if (change.table === 'containerStatus') {
    const isMoved = view.get('container', change.id)?.spec.reschedule === 'on-node-failure';
    const { before, after } = change;
    const isNew = before?.running !== after?.running || before?.endedAt !== after?.endedAt;
    if (isMoved && isNew) mark(change.id);
    return;
  }
  const isNode =
    (change.table === 'node' && (change.before === undefined || change.after === undefined)) ||
    (change.table === 'nodeStatus' && change.before?.state !== change.after?.state);
  if (!isNode) return;
  for (const { id } of view.find('container', 'node', change.id)) mark(id);
  for (const id of waiting) mark(id);
  for (const { id, superseded } of view.list('container')) {
    if (superseded?.some(({ nodeId }) => nodeId === change.id) === true) mark(id);
  }
};
