import { TuttiError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/ids.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { Clock } from '../../platform/ports.ts';
import { withDeadline } from '../../rpc/deadline.ts';
import type { ReadyNetworks } from '../../rpc/networks.ts';
import type { Assignments, NodeNetwork } from './ports.ts';

/** Makes networks ready for containers that are not tasks, when a manager asks for it. */
export interface NetworkReadiness {
  /** What is assigned now. */
  apply(assignments: Assignments): void;
  /**
   * Resolves when containers can be put on the networks, and find each other there by name. The request and the assignments come by two connections: it
   * waits for the networks to be assigned. Throws `unavailable` where they are not, and what `ensure` throws.
   */
  ready(networkIds: readonly string[], signal: AbortSignal): Promise<ReadyNetworks>;
}

const assignedWithinMs = 5_000;

export const createNetworkReadiness = (
  network: Pick<NodeNetwork, 'ensure' | 'named'>,
  clock: Pick<Clock, 'after'>,
): NetworkReadiness => {
  let assignments: Assignments = new Map();
  const waiting = new Set<() => void>();

  const assigned = async (networkIds: readonly string[], signal: AbortSignal): Promise<void> => {
    const keys = networkIds.map((id) => assignmentKey({ kind: 'network', id }));
    using deadline = withDeadline(clock, assignedWithinMs, 'word of a network', signal);
    while (!keys.every((key) => assignments.has(key))) {
      await nextOf(waiting, deadline.signal, networkIds);
    }
  };

  return {
    apply(next) {
      assignments = next;
      for (const wake of waiting) wake();
    },
    async ready(networkIds, signal) {
      await assigned(networkIds, signal);
      const names = network.named(signal);
      names.catch(() => undefined);
      const prepared = await network.ensure(networkIds as readonly NetworkId[], signal);
      // What its first container asks for comes with the network, names that it alone has too.
      await names;
      return Object.fromEntries(
        [...prepared].map(([id, { dockerNetwork, dns, ipv6 }]) => [
          id,
          { dockerNetwork, dns: [...dns], ...(ipv6 === true && { ipv6 }) },
        ]),
      );
    },
  };
};

/** Resolves when woken. */
const nextOf = async (waiting: Set<() => void>, signal: AbortSignal, ids: readonly string[]): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = (): void =>
    reject(new TuttiError('unavailable', `this node was not told of network ${ids.join(', ')} in time`));
  waiting.add(resolve);
  signal.addEventListener('abort', late, { once: true });
  if (signal.aborted) late();
  try {
    await promise;
  } finally {
    waiting.delete(resolve);
    signal.removeEventListener('abort', late);
  }
};
