import type { AssignedEndpoint, AssignedVip } from '../../model/assignment.ts';
import { bridgeName } from './names.ts';
import { inOrder } from './ipv4.ts';

/** What a new connection is given one of: the ready tasks, in numeric order of their addresses. */
export interface Backends {
  readonly addresses: readonly string[];
  /** All tasks that may still have connections: the ready ones, those that are not any more, and those not yet. */
  readonly members: ReadonlySet<string>;
  /** `client`: one client always gets the same, as long as it is there. */
  readonly affinity: 'client' | undefined;
}

/** A service's own address on a network, with the addresses that it stands for now. */
export interface VirtualService extends Backends {
  readonly networkId: string;
  readonly address: string;
  /** Those of `addresses` that are on this node. */
  readonly own: readonly string[];
}

/** The endpoints of one service on one network, as far as their nodes are known. */
export interface ServiceEndpoints {
  readonly all: readonly AssignedEndpoint[];
  readonly ready: readonly AssignedEndpoint[];
}

/** Gives a service's endpoints on a network. `nodes`: ids of this node and its peers. */
export type FindEndpoints = (of: Pick<AssignedVip, 'serviceId' | 'networkId'>) => ServiceEndpoints;

export function serviceEndpoints(endpoints: readonly AssignedEndpoint[], nodes: ReadonlySet<string>): FindEndpoints {
  const known = endpoints.filter(({ nodeId, serviceId }) => serviceId !== undefined && nodes.has(nodeId));
  const byService = Map.groupBy(known, ({ serviceId, networkId }) => `${serviceId}/${networkId}`);
  return ({ serviceId, networkId }) => {
    const all = byService.get(`${serviceId}/${networkId}`) ?? [];
    return { all, ready: all.filter(({ ready }) => ready) };
  };
}

export const backends = (
  { all, ready }: ServiceEndpoints,
  { affinity }: { readonly affinity?: 'client' | undefined },
): Backends => ({
  addresses: inOrder(ready.map(({ address }) => address)),
  members: new Set(all.map(({ address }) => address)),
  affinity,
});

export const virtualServices = (vips: readonly AssignedVip[], find: FindEndpoints, selfId: string): VirtualService[] =>
  vips.map((vip) => {
    const found = find(vip);
    const own = found.ready.filter(({ nodeId }) => nodeId === selfId);
    return {
      ...backends(found, vip),
      networkId: vip.networkId,
      address: vip.address,
      own: own.map(({ address }) => address),
    };
  });

export const vipChain = ({ address }: VirtualService): string => `vip_${address}`;

/** `interface . address`: only containers of the network get the service by it. */
export const vipKey = ({ networkId, address }: VirtualService): string => `"${bridgeName(networkId)}" . ${address}`;

/** Gives each new connection, whatever its protocol and port, one of the addresses. */
export const vipRule = (service: VirtualService): string => `dnat to ${choice(service)}`;

/** An expression of nftables for one of the addresses: all equally likely for each connection, or by the client's address. */
export function choice({ addresses, affinity }: Backends): string {
  const [only] = addresses;
  if (addresses.length === 1 && only !== undefined) return only;
  if (affinity === 'client') {
    return `jhash ip saddr mod ${affinitySlots} seed ${affinitySeed} map { ${listed(affinityTable(addresses))} }`;
  }
  return `numgen random mod ${addresses.length} map { ${listed(addresses)} }`;
}

const listed = (addresses: readonly string[]): string =>
  addresses.map((address, index) => `${index} : ${address}`).join(', ');

/** A prime, well above the number of tasks that sticky services have: their shares differ by some per cent at most. */
const affinitySlots = 509;
const affinitySeed = '0x7475747';

/**
 * Which task has which part of the clients: of each part the one whose hash with it is highest. So the table is the same on
 * every node, and a task that comes or goes moves the clients that it gains or had, and no others.
 */
export function affinityTable(addresses: readonly string[]): string[] {
  const seeds = addresses.map((address) => ({ address, seed: mixed(textHash(address)) }));
  return Array.from({ length: affinitySlots }, (_, slot) => {
    let best = '';
    let highest = -1;
    for (const { address, seed } of seeds) {
      const weight = mixed((seed + Math.imul(slot + 1, 0x9e3779b1)) >>> 0);
      if (weight > highest) [best, highest] = [address, weight];
    }
    return best;
  });
}

/** FNV-1a. */
const textHash = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};

/** The finisher of MurmurHash3. */
const mixed = (value: number): number => {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
