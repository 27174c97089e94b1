import type { AssignedEndpoint, AssignedVip } from '../../model/assignment.ts';
import { inOrder } from '../address.ts';
import type { NftChain } from './kernel-state.ts';
import { bridgeName } from './names.ts';
import { isSameList } from './same-list.ts';

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

/** Gives a service's endpoints on a network. */
export type FindEndpoints = (of: Pick<AssignedVip, 'serviceId' | 'networkId'>) => ServiceEndpoints;

/**
 * What was worked out the last time. Where nothing has changed the same objects are given again: a thousand services are
 * then known to be as they were without a look into them.
 */
export interface BalanceMemory {
  endpoints: ReadonlyMap<string, ServiceEndpoints>;
  readonly services: WeakMap<AssignedVip, { readonly of: ServiceEndpoints; readonly service: VirtualService }>;
}

export const noBalanceMemory = (): BalanceMemory => ({ endpoints: new Map(), services: new WeakMap() });

/** `nodes`: ids of this node and its peers. */
export function serviceEndpoints(
  endpoints: readonly AssignedEndpoint[],
  nodes: ReadonlySet<string>,
  memory = noBalanceMemory(),
): FindEndpoints {
  const before = memory.endpoints;
  const now = new Map<string, ServiceEndpoints>();
  memory.endpoints = now;
  const networks = grouped(endpoints, nodes);
  return ({ serviceId, networkId }) => {
    const key = `${serviceId}/${networkId}`;
    const all = networks.get(networkId)?.get(serviceId) ?? [];
    const known = now.get(key) ?? before.get(key);
    const found = known !== undefined && isSameList(known.all, all) ? known : withReady(all);
    now.set(key, found);
    return found;
  };
}

const withReady = (all: readonly AssignedEndpoint[]): ServiceEndpoints => ({
  all,
  ready: all.filter(({ ready }) => ready),
});

/** By network and service. One made key for both would cost more than all the rest. */
function grouped(
  endpoints: readonly AssignedEndpoint[],
  nodes: ReadonlySet<string>,
): ReadonlyMap<string, ReadonlyMap<string, readonly AssignedEndpoint[]>> {
  const networks = new Map<string, Map<string, AssignedEndpoint[]>>();
  for (const endpoint of endpoints) {
    const { networkId, serviceId, nodeId } = endpoint;
    if (serviceId === undefined || !nodes.has(nodeId)) continue;
    let services = networks.get(networkId);
    if (services === undefined) networks.set(networkId, (services = new Map()));
    const group = services.get(serviceId);
    if (group === undefined) services.set(serviceId, [endpoint]);
    else group.push(endpoint);
  }
  return networks;
}

export const backends = (
  { all, ready }: ServiceEndpoints,
  { affinity }: { readonly affinity?: 'client' | undefined },
): Backends => ({
  addresses: inOrder(ready.map(({ address }) => address)),
  members: new Set(all.map(({ address }) => address)),
  affinity,
});

export const virtualServices = (
  vips: readonly AssignedVip[],
  find: FindEndpoints,
  selfId: string,
  memory = noBalanceMemory(),
): VirtualService[] =>
  vips.map((vip) => {
    const of = find(vip);
    const known = memory.services.get(vip);
    if (known?.of === of) return known.service;
    const service = virtualService(vip, of, selfId);
    memory.services.set(vip, { of, service });
    return service;
  });

function virtualService(vip: AssignedVip, found: ServiceEndpoints, selfId: string): VirtualService {
  const own = found.ready.filter(({ nodeId }) => nodeId === selfId);
  return {
    ...backends(found, vip),
    networkId: vip.networkId,
    address: vip.address,
    own: own.map(({ address }) => address),
  };
}

export const vipChain = ({ address }: VirtualService): string => `vip_${address.replaceAll(':', '_')}`;

/** `interface . address`: only containers of the network get the service by it. */
export const vipKey = ({ networkId, address }: VirtualService): string => `"${bridgeName(networkId)}" . ${address}`;

/** Gives each new connection, whatever its protocol and port, one of the addresses. One service has one chain. */
export function vipRules(service: VirtualService): NftChain {
  const known = chains.get(service);
  if (known !== undefined) return known;
  const made: NftChain = { rules: [`dnat to ${choice(service)}`] };
  chains.set(service, made);
  return made;
}

const chains = new WeakMap<VirtualService, NftChain>();

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
