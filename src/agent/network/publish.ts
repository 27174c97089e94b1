import type { AssignedEndpoint, AssignedPublish } from '../../model/assignment.ts';
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

/** What publications of one family are worked out from. */
export interface PublishInputs {
  readonly family: 'ip' | 'ip6';
  readonly publishes: readonly AssignedPublish[];
  readonly find: FindEndpoints;
  /** Other node → the addresses that its own clients come from. */
  readonly nodes: ReadonlyMap<string, readonly string[]>;
  readonly selfId: string;
}

export const publications = ({ family, publishes, find, nodes, selfId }: PublishInputs): Publication[] =>
  publishes.flatMap((publish): Publication[] => {
    if (!isOfFamily(family, publish)) return [];
    const { protocol, published, target, unserved = 'refuse' } = publish;
    const { all, ready } = find(publish);
    const chosen = chosenOf(ready, publish, selfId);
    return [
      {
        ...backends({ all, ready: chosen }, publish),
        protocol,
        address: boundAddress(publish),
        published,
        target,
        unserved,
        turns: chosen.flatMap(({ nodeId, address }) => (nodes.get(nodeId) ?? []).map((node) => `${node} . ${address}`)),
      },
    ];
  });

const anyAddress: readonly string[] = ['0.0.0.0', '::'];

/** Whether what is at this address is to be seen in the family at all. */
export const isOfFamily = (family: PublishInputs['family'], { address }: { readonly address?: string | undefined }) =>
  address === undefined || address.includes(':') === (family === 'ip6');

/** Undefined: at all addresses of the family. */
export const boundAddress = ({ address }: { readonly address?: string | undefined }): string | undefined =>
  address !== undefined && anyAddress.includes(address) ? undefined : address;

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
export const publicationRule = (one: Publication): string => {
  const to = choice(one);
  return `meta l4proto ${one.protocol} dnat to ${to === one.addresses[0] && to.includes(':') ? `[${to}]` : to}:${one.target}`;
};

/** What is done with a connection that there is no task for. */
export const unservedVerdict = ({ unserved }: Publication): string => (unserved === 'drop' ? 'drop' : 'goto refuse');
