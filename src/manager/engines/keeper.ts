import type { Definitions } from '../../platform/engine/types.generated.ts';
import { askList } from './call.ts';
import type { CallPorts } from './call.ts';
import type { ContainerIndex } from './container-index.ts';

export type Image = Definitions['ImageSummary'];

/**
 * Reads a node's engine where something changed, one question at a time, so that an older answer never comes over a newer
 * one. What is marked while it asks is asked next, together.
 */
export interface Keeper {
  /** Read everything. Resolves when what was marked until now has been read; rejects when it could not be. */
  everything(): Promise<void>;
  containers(ids: readonly string[]): Promise<void>;
  images(): Promise<void>;
}

export interface KeeperOptions extends CallPorts {
  readonly nodeId: string;
  readonly index: ContainerIndex;
  readonly signal: AbortSignal;
  /** The node's images, as they are now. */
  readonly told: (images: readonly Image[]) => void;
}

const deadlineMs = 15_000;
/** Ids of one question: they go into its address. */
const mostIds = 50;

export const createKeeper = ({ nodeId, engines, index, clock, signal, told }: KeeperOptions): Keeper => {
  const dirty = new Set<string>();
  let all = false;
  let images = false;
  let running: Promise<void> | undefined;

  const list = async <Item>(path: string): Promise<readonly Item[]> =>
    await askList<Item>({ engines, clock }, nodeId, { path, deadlineMs }, signal);

  const readAll = async (): Promise<void> => {
    all = false;
    dirty.clear();
    index.replace(nodeId, await list('/containers/json?all=1'));
  };
  const readSome = async (): Promise<void> => {
    const ids = [...dirty].slice(0, mostIds);
    for (const id of ids) dirty.delete(id);
    const filters = encodeURIComponent(JSON.stringify({ id: ids }));
    const found = await list<Definitions['ContainerSummary']>(`/containers/json?all=1&filters=${filters}`);
    const there = new Set(found.map(({ Id }) => Id));
    for (const id of ids) if (!there.has(id)) index.remove(nodeId, id);
    index.put(nodeId, found);
  };
  const readImages = async (): Promise<void> => {
    images = false;
    told(await list('/images/json'));
  };
  const pass = async (): Promise<void> => {
    // Not before `running` is this.
    await Promise.resolve();
    try {
      while (all || dirty.size > 0 || images) await (all ? readAll() : dirty.size > 0 ? readSome() : readImages());
    } finally {
      running = undefined;
    }
  };
  const wake = (): Promise<void> => {
    running ??= pass();
    return running;
  };

  return {
    everything: async () => {
      all = true;
      images = true;
      await wake();
    },
    containers: async (ids) => {
      for (const id of ids) dirty.add(id);
      await wake();
    },
    images: async () => {
      images = true;
      await wake();
    },
  };
};
