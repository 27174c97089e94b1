import type { AssignedPeer, AssignedPublish } from '../../model/assignment.ts';
import { backends, choice } from './balance.ts';
import type { Backends, FindEndpoints } from './balance.ts';

/** A published port with the addresses that it leads to now. */
export interface Publication extends Backends {
  readonly protocol: AssignedPublish['protocol'];
  readonly published: number;
  readonly target: number;
  /**
   * Pairs `node address . task address` of tasks on other nodes: a client on a task's own node must not be answered
   * by the task directly, so its address alone is translated.
   */
  readonly turns: readonly string[];
}

export function publications(
  publishes: readonly AssignedPublish[],
  find: FindEndpoints,
  peers: readonly AssignedPeer[],
): Publication[] {
  const addressOf = new Map(peers.map((peer) => [peer.id, peer.address]));
  return publishes.map((publish) => {
    const { protocol, published, target } = publish;
    const found = find(publish);
    return {
      ...backends(found, publish),
      protocol,
      published,
      target,
      turns: found.ready.flatMap(({ nodeId, address }) => {
        const node = addressOf.get(nodeId);
        return node === undefined ? [] : [`${node} . ${address}`];
      }),
    };
  });
}

export const publicationChain = ({ protocol, published }: Publication): string => `publish_${protocol}_${published}`;

/** The rule that gives each new connection one of the ready tasks. */
export const publicationRule = (one: Publication): string =>
  `meta l4proto ${one.protocol} dnat to ${choice(one)}:${one.target}`;
