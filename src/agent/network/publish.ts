import type { AssignedEndpoint, AssignedPeer, AssignedPublish } from '../../model/assignment.ts';
import { backends, choice } from './balance.ts';
import type { Backends, FindEndpoints } from './balance.ts';

/** A published port with the addresses that it leads to now. */
export interface Publication extends Backends {
  readonly protocol: AssignedPublish['protocol'];
  /** Of the node, at which it answers. Undefined: at all of them. */
  readonly address: string | undefined;
  readonly published: number;
  readonly target: number;
  /** What becomes of a connection while it leads to nowhere. */
  readonly unserved: 'refuse' | 'drop';
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
  selfId: string,
): Publication[] {
  const addressOf = new Map(peers.map((peer) => [peer.id, peer.address]));
  return publishes.map((publish) => {
    const { protocol, address, published, target, unserved = 'refuse' } = publish;
    const { all, ready } = find(publish);
    const chosen = chosenOf(ready, publish, selfId);
    return {
      ...backends({ all, ready: chosen }, publish),
      protocol,
      address,
      published,
      target,
      unserved,
      turns: chosen.flatMap(({ nodeId, address: task }) => {
        const node = addressOf.get(nodeId);
        return node === undefined ? [] : [`${node} . ${task}`];
      }),
    };
  });
}

/** The tasks that this node gives connections to. */
function chosenOf(
  ready: readonly AssignedEndpoint[],
  { tasks }: AssignedPublish,
  selfId: string,
): readonly AssignedEndpoint[] {
  if (tasks === undefined) return ready;
  const own = ready.filter(({ nodeId }) => nodeId === selfId);
  return tasks === 'near' && own.length === 0 ? ready : own;
}

/** Names of chains have no colons. */
export const publicationChain = ({ protocol, published, address }: Publication): string =>
  `publish_${protocol}_${published}${address === undefined ? '' : `_${address.replaceAll(':', '_')}`}`;

/** `protocol . port`, with `address . ` before it where it answers at one. */
export const publicationKey = ({ protocol, published, address }: Publication): string =>
  `${address === undefined ? '' : `${address} . `}${protocol} . ${published}`;

/** The rule that gives each new connection one of the ready tasks. */
export const publicationRule = (one: Publication): string =>
  `meta l4proto ${one.protocol} dnat to ${choice(one)}:${one.target}`;

/** What is done with a connection that there is no task for. */
export const unservedVerdict = ({ unserved }: Publication): string => (unserved === 'drop' ? 'drop' : 'goto refuse');
