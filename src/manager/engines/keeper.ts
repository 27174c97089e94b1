import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { Clock } from '../../platform/ports.ts';
import { askList } from './call.ts';
import type { CallPorts } from './call.ts';
import type { ContainerIndex } from './container-index.ts';
import { createRounds } from './rounds.ts';

export type Image = Definitions['ImageSummary'];
type Summary = Definitions['ContainerSummary'];

/**
 * Reads a node's engine where something changed, one question at a time, so that an older answer never comes over a newer
 * one. What is marked while it asks is asked next, together. Promises resolve when what they are about has been read by a
 * question that was begun after the call, and reject when it could not be: then everything is read next.
 */
export interface Keeper {
  allContainers(): Promise<void>;
  /** And what was marked before. */
  containers(ids: readonly string[]): Promise<void>;
  images(): Promise<void>;
}

export interface KeeperOptions extends CallPorts {
  readonly clock: Pick<Clock, 'after' | 'monotonic' | 'sleep'>;
  readonly nodeId: string;
  readonly index: ContainerIndex;
  readonly signal: AbortSignal;
  /** The node's images, as they are now. */
  readonly told: (images: readonly Image[]) => void;
  /** What the engine lists now, before the index has it. */
  readonly listing: (summary: Summary) => void;
  /** All containers are being read. */
  readonly readingAll: () => void;
}

const deadlineMs = 15_000;
/** An engine lists all of its images or none: with many of them, and many events, it does for a tenth of the time at most. */
const imageRest = 9;
const longestRestMs = 5_000;
/** Ids of one question: they go into its address. */
export const mostIds = 50;

export const createKeeper = (options: KeeperOptions): Keeper => {
  const { nodeId, engines, index, clock, signal } = options;
  const dirty = new Set<string>();
  let all = false;

  const list = async <Item>(path: string): Promise<readonly Item[]> =>
    await askList<Item>({ engines, clock }, nodeId, { path, deadlineMs }, signal);

  const readAll = async (): Promise<void> => {
    all = false;
    dirty.clear();
    options.readingAll();
    const found = await list<Summary>('/containers/json?all=1');
    for (const summary of found) options.listing(summary);
    index.replace(nodeId, found);
  };
  const readSome = async (ids: readonly string[]): Promise<void> => {
    const filters = encodeURIComponent(JSON.stringify({ id: ids }));
    const found = await list<Summary>(`/containers/json?all=1&filters=${filters}`);
    const there = new Set(found.map(({ Id }) => Id));
    for (const id of ids) if (!there.has(id)) index.remove(nodeId, id);
    for (const summary of found) options.listing(summary);
    index.put(nodeId, found);
  };
  const read = async (): Promise<void> => {
    if (all) {
      await readAll();
      return;
    }
    // What is marked meanwhile belongs to the next round.
    const ids = [...dirty];
    dirty.clear();
    for (let at = 0; at < ids.length; at += mostIds) await readSome(ids.slice(at, at + mostIds));
  };
  const containersRound = createRounds(async () => {
    try {
      await read();
    } catch (thrown) {
      all = true;
      throw thrown;
    }
  });
  let restedAt = Number.NEGATIVE_INFINITY;
  const imagesRound = createRounds(async () => {
    const restMs = restedAt - clock.monotonic();
    if (restMs > 0) await clock.sleep(restMs, signal);
    const begun = clock.monotonic();
    options.told(await list('/images/json'));
    const over = clock.monotonic();
    restedAt = over + Math.min(longestRestMs, imageRest * (over - begun));
  });

  return {
    allContainers: async () => {
      all = true;
      await containersRound();
    },
    containers: async (ids) => {
      for (const id of ids) dirty.add(id);
      await containersRound();
    },
    images: imagesRound,
  };
};
