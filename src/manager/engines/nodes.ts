import { TuttiError } from '../../model/errors.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { EngineEvent, Engines } from '../manager.ts';
import type { ContainerIndex } from './container-index.ts';
import type { Progress } from './event.ts';
import { createProgress } from './event.ts';
import { runFeed } from './feed.ts';
import type { Image, Keeper } from './keeper.ts';
import { createKeeper } from './keeper.ts';

export interface NodesOptions {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly engines: Engines;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
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

interface Following {
  readonly stop: AbortController;
  readonly keeper: Keeper;
  listed: boolean;
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
    const stop = new AbortController();
    const { signal } = stop;
    const told = (images: readonly Image[]) => (node.images = images);
    const keeper = createKeeper({ ...options, nodeId, signal, told });
    const following: Following = { stop, keeper, listed: false };
    node.following = following;
    const feed = {
      ...options,
      nodeId,
      keeper,
      progress: node.progress,
      publish: (event: EngineEvent['event']) => {
        const { Type, Action, Actor, timeNano } = event;
        if (Type === 'container' && Action === 'create' && timeNano !== undefined) {
          index.created(nodeId, Actor?.ID ?? '', timeNano);
        }
        options.publish(nodeId, event);
      },
      listed: () => (following.listed = true),
    };
    // Not inside of the commit that told of it.
    const run = Promise.resolve().then(() => runFeed(feed, signal));
    const ended = run.finally(() => running.delete(ended));
    running.add(ended);
  };
  const end = (node: Remembered): void => {
    node.following?.stop.abort(new TuttiError('cancelled', 'the node is not followed any more'));
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
    listed: (nodeId) => remembered.get(nodeId)?.following?.listed === true,
    images: (nodeId) => remembered.get(nodeId)?.images ?? [],
    refresh: async (nodeId, ids, signal) => {
      signal.throwIfAborted();
      const keeper = remembered.get(nodeId)?.following?.keeper;
      if (keeper === undefined) throw new TuttiError('unavailable', `the engine of node ${nodeId} is not there`);
      await keeper.containers(ids);
    },
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      for (const node of remembered.values()) end(node);
      await Promise.all(running);
    },
  };
};
