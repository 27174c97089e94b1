import type { AssignedEndpoint, AssignedPeer, AssignedPublish, AssignedSelf } from '../../model/assignment.ts';
import { inOrder } from './ipv4.ts';

/** A published port with the addresses that it leads to now. */
export interface Publication {
  readonly protocol: AssignedPublish['protocol'];
  readonly published: number;
  readonly target: number;
  /** Ready tasks, in numeric order. */
  readonly backends: readonly string[];
  /**
   * Pairs `node address . task address` of tasks on other nodes: a client on a task's own node must not be answered
   * by the task directly, so its address alone is translated.
   */
  readonly turns: readonly string[];
}

export function publications(
  publishes: readonly AssignedPublish[],
  endpoints: readonly AssignedEndpoint[],
  self: AssignedSelf,
  peers: readonly AssignedPeer[],
): Publication[] {
  const addressOf = new Map(peers.map((peer) => [peer.id, peer.address]));
  const byService = Map.groupBy(
    endpoints.filter(({ ready }) => ready),
    ({ serviceId, networkId }) => `${serviceId}/${networkId}`,
  );
  return publishes.map(({ protocol, published, target, serviceId, networkId }) => {
    const ready = (byService.get(`${serviceId}/${networkId}`) ?? []).filter(
      ({ nodeId }) => nodeId === self.id || addressOf.has(nodeId),
    );
    return {
      protocol,
      published,
      target,
      backends: inOrder(ready.map(({ address }) => address)),
      turns: ready.flatMap(({ nodeId, address }) => {
        const node = addressOf.get(nodeId);
        return node === undefined ? [] : [`${node} . ${address}`];
      }),
    };
  });
}

export const publicationChain = ({ protocol, published }: Publication): string => `publish_${protocol}_${published}`;

/** The rule that gives each new connection one of the ready tasks, all equally likely. */
export function publicationRule({ protocol, target, backends }: Publication): string {
  const [only] = backends;
  if (backends.length === 1 && only !== undefined) return `meta l4proto ${protocol} dnat to ${only}:${target}`;
  const choices = backends.map((address, index) => `${index} : ${address}`).join(', ');
  return `meta l4proto ${protocol} dnat to numgen random mod ${backends.length} map { ${choices} }:${target}`;
}
