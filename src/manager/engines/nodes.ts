import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { CurrentContainer, EngineEvent, Engines } from '../manager.ts';
import type { ContainerIndex } from './container-index.ts';
import type { Progress } from './event.ts';
import { createProgress } from './event.ts';
import type { Following } from './following.ts';
import { follow } from './following.ts';
import type { Image } from './keeper.ts';

export interface NodesOptions {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'monotonic' | 'sleep'>;
  readonly log: Log;
  readonly index: ContainerIndex;
  readonly publish: (nodeId: string, event: EngineEvent['event']) => void;
}

/** The nodes whose engines are followed: those that are ready, for as long as they are. */
export interface Nodes extends AsyncDisposable {
  reachable(nodeId: string): boolean;
  /** Ids of those that are reachable. */
  ready(): readonly string[];
  listed(nodeId: string): boolean;
  /** See `Inventory`. */
  current(nodeId: string, signal: AbortSignal): Promise<readonly CurrentContainer[] | undefined>;
  images(nodeId: string): readonly Image[];
  /** Throws `unavailable` where the node is not. */
  refresh(nodeId: string, ids: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Outlives the times in which the node is away. */
interface Remembered {
  readonly progress: Progress;
  images: readonly Image[];
  following?: Following;
}

export const startNodes = (options: NodesOptions): Nodes => {
  const { store, index } = options;
  const remembered = new Map<string, Remembered>();
  const running = new Set<Promise<void>>();

  const reachable = (nodeId: string): boolean => {
    const status = store.view.get('nodeStatus', nodeId);
    return status?.state === 'ready' && status.engineAway !== true && store.view.get('node', nodeId) !== undefined;
  };

  const begin = (nodeId: string, node: Remembered): void => {
    const following = follow({
      ...options,
      nodeId,
      progress: node.progress,
      images: (images) => (node.images = images),
      publish: (event) => {
        const { Type, Action, Actor, timeNano } = event;
        if (Type === 'container' && Action === 'create' && timeNano !== undefined) {
          index.created(nodeId, Actor?.ID ?? '', timeNano);
        }
        options.publish(nodeId, event);
      },
    });
    node.following = following;
    const ended = following.ended.finally(() => running.delete(ended));
    running.add(ended);
  };
  const end = (node: Remembered): void => {
    node.following?.end();
    delete node.following;
  };
  const look = (nodeId: string): void => {
    const node = remembered.get(nodeId) ?? { progress: createProgress(), images: [] };
    remembered.set(nodeId, node);
    const there = reachable(nodeId);
    if (there && node.following === undefined) begin(nodeId, node);
    else if (!there) end(node);
    if (store.view.get('node', nodeId) !== undefined) return;
    remembered.delete(nodeId);
    index.drop(nodeId);
  };
  const subscription = store.subscribe(({ changes }) => {
    for (const { table, id } of changes) if (table === 'node' || table === 'nodeStatus') look(id);
  });
  for (const { id } of store.view.list('node')) look(id);

  return {
    reachable,
    ready: () => [...remembered.keys()].filter(reachable),
    listed: (nodeId) => remembered.get(nodeId)?.following?.listed() === true,
    current: async (nodeId, signal) => await remembered.get(nodeId)?.following?.current(signal),
    images: (nodeId) => remembered.get(nodeId)?.images ?? [],
    refresh: async (nodeId, ids, signal) => {
      signal.throwIfAborted();
      const following = remembered.get(nodeId)?.following;
      if (following === undefined) throw new TuttiError('unavailable', `the engine of node ${nodeId} is not there`);
      await following.refresh(ids);
    },
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      for (const node of remembered.values()) end(node);
      await Promise.all(running);
    },
  };
};
