import { TuttiError } from '../../model/errors.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { CurrentContainer, EngineEvent, Engines } from '../manager.ts';
import type { ContainerIndex } from './container-index.ts';
import type { Progress, Touched } from './event.ts';
import { runFeed } from './feed.ts';
import { createHearing } from './hearing.ts';
import type { Image } from './keeper.ts';
import { createKeeper, mostIds } from './keeper.ts';
import { createTimes } from './times.ts';
import { createUnsettled } from './unsettled.ts';

export interface FollowingOptions {
  readonly nodeId: string;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'monotonic' | 'sleep'>;
  readonly log: Log;
  readonly index: ContainerIndex;
  /** Outlives this. */
  readonly progress: Progress;
  readonly images: (images: readonly Image[]) => void;
  readonly publish: (event: EngineEvent['event']) => void;
}

/** One engine, followed while its node is ready. */
export interface Following {
  /** It has been listed since this began. */
  listed(): boolean;
  refresh(ids: readonly string[]): Promise<void>;
  current(signal: AbortSignal): Promise<readonly CurrentContainer[] | undefined>;
  /** Ends with `end`. */
  readonly ended: Promise<void>;
  end(): void;
}

type Summary = Definitions['ContainerSummary'];

/** What no event tells of is noticed when everything is read again: at a list, when that was so long ago. */
const readAgainMs = 60_000;

/** Whether the engine counts anew since when it runs or is over. */
const isTurn = ({ Type, Action }: EngineEvent['event']): boolean =>
  Type === 'container' && (Action === 'start' || Action === 'die' || Action === 'restart');

export const follow = (options: FollowingOptions): Following => {
  const { nodeId, index, clock } = options;
  const stop = new AbortController();
  const { signal } = stop;
  const state = { listed: false, live: false, readAt: Number.NEGATIVE_INFINITY, ahead: Number.NaN };
  const summaryOf = (id = ''): Summary | undefined => index.get(nodeId, id)?.summary;

  const unsettled = createUnsettled(clock, (id) => void keeper.containers([id]).catch(() => undefined));
  const times = createTimes({ ...options, signal });
  const keeper = createKeeper({
    ...options,
    signal,
    told: options.images,
    listing: (summary) => {
      const before = summaryOf(summary.Id);
      if (before !== undefined) times.carry(before, summary, clock.monotonic() + state.ahead);
      unsettled.seen(summary);
    },
    readingAll: () => (state.readAt = clock.monotonic()),
  });
  const read = async (touched: Touched, event: EngineEvent['event']): Promise<void> => {
    unsettled.told(event);
    const summary = isTurn(event) ? summaryOf(event.Actor?.ID) : undefined;
    if (summary !== undefined) times.forget(summary);
    if (touched.kind === 'container') await keeper.containers([touched.id]);
    if (touched.kind !== 'images') return;
    // What a name means is what a list calls a container's image.
    state.readAt = Number.NEGATIVE_INFINITY;
    await keeper.images();
  };
  const hearing = createHearing({ ...options, read });
  const everything = async (): Promise<void> => {
    await Promise.all([keeper.allContainers(), keeper.images()]);
  };
  const feed = {
    ...options,
    hearing,
    everything,
    listed: () => Object.assign(state, { listed: true, live: true }),
    broken: () => Object.assign(state, { live: false }),
  };

  /** Those whose status goes on as nobody here knows. */
  const untimed = (now: number): readonly Summary[] =>
    index.of(nodeId).flatMap(({ summary }) => (times.statusAt(summary, now) === undefined ? [summary] : []));
  const readDoubtful = async (now: number): Promise<void> => {
    const ids = [...new Set([...unsettled.ids(), ...untimed(now).map(({ Id = '' }) => Id)])];
    const old = clock.monotonic() - state.readAt > readAgainMs;
    await (old || ids.length > mostIds ? keeper.allContainers() : keeper.containers(ids));
    times.learn(untimed(now));
  };

  return {
    listed: () => state.listed,
    refresh: keeper.containers,
    current: async (asking) => {
      if (!state.live) return undefined;
      const now = await hearing.catchUp(asking);
      if (now === undefined) return undefined;
      state.ahead = now - clock.monotonic();
      await readDoubtful(now);
      if (!state.live) return undefined;
      return index.of(nodeId).map(({ id, summary, createdNanos }) => ({
        id,
        summary,
        status: times.statusAt(summary, now) ?? summary.Status ?? '',
        ...(createdNanos !== undefined && { createdNanos }),
      }));
    },
    // Not inside of the commit that told of the node.
    ended: Promise.resolve().then(() => runFeed(feed, signal)),
    end: () => {
      stop.abort(new TuttiError('cancelled', 'the node is not followed any more'));
      unsettled[Symbol.dispose]();
    },
  };
};
