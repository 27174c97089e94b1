import { TuttiError } from '../../model/errors.ts';
import type { PlacementHints } from '../../model/single-container.ts';
import type { Builds, Inventory, Queries } from '../manager.ts';
import { chooseBuildNode } from './build-node.ts';
import { followNode } from './follow-node.ts';
import type { FollowNodeOptions } from './follow-node.ts';

export interface BuildsOptions extends FollowNodeOptions {
  readonly queries: Queries;
  readonly inventory: Inventory;
}

/** A session that no build asks for within this belongs to a client that speaks with BuildKit itself. */
const sessionMs = 1_000;
/** A build waits some seconds at its engine for its session; so long its node is remembered. */
const rememberMs = 60_000;

const noHints: PlacementHints = { constraints: [], affinities: [] };

/** See `Builds`. */
export const createBuilds = (options: BuildsOptions): Builds & Disposable => {
  const { queries, inventory, clock } = options;
  const stop = new AbortController();
  /** Nodes of sessions, as builds chose them or as they were opened. */
  const sessions = new Map<string, string>();
  const waiting = new Map<string, (nodeId: string) => void>();
  const running = new Map<string, string>();
  const choose = (hints: PlacementHints): string => chooseBuildNode({ queries, inventory }, hints);

  const assign = (session: string, nodeId: string): void => {
    sessions.set(session, nodeId);
    waiting.get(session)?.(nodeId);
    clock.after(rememberMs, () => {
      if (!open.has(session) && sessions.get(session) === nodeId) sessions.delete(session);
    });
  };
  const open = new Set<string>();

  return {
    defaultNode: () => choose(noHints),
    openControl: (signal) => {
      const nodeId = choose(noHints);
      void followNode(options, nodeId, signal, stop.signal);
      return nodeId;
    },
    [Symbol.dispose]: () => stop.abort(new TuttiError('cancelled', 'the manager stops')),
    nodeOf: (buildId) => running.get(buildId),
    begin: ({ session, buildId, hints }, signal) => {
      const known = session === undefined ? undefined : sessions.get(session);
      const free = hints.constraints.length + hints.affinities.length === 0;
      const nodeId = known !== undefined && free ? known : choose(hints);
      if (known !== undefined && known !== nodeId) {
        throw new TuttiError(
          'conflict',
          'the session of this build is on a node that its constraints refuse: try again',
        );
      }
      if (session !== undefined && known === undefined) assign(session, nodeId);
      if (buildId !== undefined) {
        running.set(buildId, nodeId);
        signal.addEventListener('abort', () => running.delete(buildId), { once: true });
      }
      return {
        nodeId,
        [Symbol.dispose]: () => {
          if (buildId !== undefined) running.delete(buildId);
        },
      };
    },
    openSession: async (session, signal) => {
      signal.throwIfAborted();
      // A build would not know which of the two it is to ask.
      if (open.has(session)) throw new TuttiError('conflict', `session ${session} already exists`);
      open.add(session);
      signal.addEventListener(
        'abort',
        () => {
          open.delete(session);
          sessions.delete(session);
        },
        { once: true },
      );
      const known = sessions.get(session);
      if (known !== undefined) return known;
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const abort = () => reject(signal.reason);
      const timer = clock.after(sessionMs, () => {
        try {
          assign(session, choose(noHints));
        } catch (error) {
          reject(error);
        }
      });
      waiting.set(session, resolve);
      signal.addEventListener('abort', abort, { once: true });
      try {
        return await promise;
      } finally {
        waiting.delete(session);
        timer.cancel();
        signal.removeEventListener('abort', abort);
      }
    },
  };
};
