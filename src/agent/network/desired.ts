import type { AssignedSelf } from '../../model/assignment.ts';
import { assigned, assignedSelf, isDual, liveEndpoints } from './endpoints.ts';
import type { Assignments, Observations } from './endpoints.ts';
import type { NftTable, OverlayLink, Routing } from './kernel-state.ts';
import { paths } from './routing/paths.ts';
import type { PathInputs } from './routing/paths.ts';
import { bridgeName, overlayDevice, vxlanIdentifier, vxlanPort } from './names.ts';
import { noBalanceMemory, serviceEndpoints, virtualServices } from './balance.ts';
import type { VirtualService } from './balance.ts';
import { hostPublishes } from './host-publish.ts';
import { publications } from './publish.ts';
import type { Publication } from './publish.ts';
import { sixthState } from './sixth/sixth.ts';
import type { Sixth } from './sixth/sixth.ts';
import { bridgeTable, ipTable } from './ruleset.ts';

/** What the kernel should have of ours. */
export interface KernelState {
  readonly routing: Routing;
  /** Undefined where no network has IPv6. */
  readonly sixth: Sixth | undefined;
  readonly tables: readonly NftTable[];
  /** What the tables publish, as it was before it was put into rules. */
  readonly publications: readonly Publication[];
  readonly services: readonly VirtualService[];
  /** Settings below /proc/sys of devices that are ours. */
  readonly settings: ReadonlyMap<string, string>;
}

/**
 * What the kernel should have for these assignments: overlay, routes, rules, and our nftables tables. Undefined while the
 * node does not know itself, so that nothing is torn down for want of news. `memory`: of the last time, for speed alone.
 */
export function desiredKernelState(
  assignments: Assignments,
  observations: Observations,
  memory = noBalanceMemory(),
  memory6 = noBalanceMemory(),
): KernelState | undefined {
  const self = assignedSelf(assignments);
  if (self === undefined) return undefined;
  const peers = assigned(assignments, 'peer').filter(({ id }) => id !== self.id);
  const networks = assigned(assignments, 'network').filter(({ subnet }) => subnet !== '');
  const endpoints = liveEndpoints(assignments, observations);
  const find = serviceEndpoints(endpoints, new Set([self.id, ...peers.map(({ id }) => id)]), memory);
  const publishes = assigned(assignments, 'publish');
  const nodes = new Map(peers.map(({ id, address }) => [id, [address]]));
  const published = publications({ family: 'ip', publishes, find, nodes, selfId: self.id });
  const vips = assigned(assignments, 'vip');
  const services = virtualServices(vips, find, self.id, memory);
  const hosted = hostPublishes(assigned(assignments, 'task'), observations);
  const sixth = sixthState({ self, peers, networks, endpoints, vips, publishes, hosted }, memory6);
  const dual = networks.filter((network) => isDual(network, self));
  return {
    routing: routing({ self, peers, endpoints, services, isSteered: publishes.length > 0 }),
    sixth: sixth?.sixth,
    tables: [
      ipTable({ own: [self.address], networks, peers, published, services }),
      bridgeTable(networks, dual),
      ...(sixth === undefined ? [] : [sixth.table]),
    ],
    publications: published,
    services,
    settings: new Map([['/proc/sys/net/ipv4/ip_forward', '1'], ...deviceSettings(overlayDevice)]),
  };
}

/**
 * Settings of a device of ours. `rp_filter` is the greater of the device's and that of `all`, which is not ours to touch:
 * loose (2) undoes a strict 1 there. `route_localnet` lets a published port answer on 127.0.0.1; a rule keeps
 * everything from outside away from it.
 */
export function deviceSettings(device: string): [string, string][] {
  const of = (name: string): string => `/proc/sys/net/ipv4/conf/${device}/${name}`;
  return [
    [of('rp_filter'), '2'],
    [of('route_localnet'), '1'],
  ];
}

/** Settings of a bridge: it answers ARP for every address of the network, so that a task can move without anyone's cache being wrong. */
export function bridgeSettings(networkId: string): [string, string][] {
  const device = bridgeName(networkId);
  return [
    ...deviceSettings(device),
    [`/proc/sys/net/ipv4/conf/${device}/proxy_arp`, '1'],
    [`/proc/sys/net/ipv4/conf/${device}/proxy_arp_pvlan`, '1'],
    [`/proc/sys/net/ipv4/neigh/${device}/proxy_delay`, '0'],
  ];
}

/** The same of a network with IPv6, whose bridge answers for the addresses that `proxies` tells it of. */
export function sixthBridgeSettings(networkId: string): [string, string][] {
  const device = bridgeName(networkId);
  const of = (name: string): string => `/proc/sys/net/ipv6/conf/${device}/${name}`;
  return [
    // Every node has the gateway's address, and it has to answer from the first moment on.
    [of('accept_dad'), '0'],
    [of('accept_ra'), '0'],
    [of('proxy_ndp'), '1'],
    [`/proc/sys/net/ipv6/neigh/${device}/proxy_delay`, '0'],
    // Questions for neighbours are multicast; nobody here tells the bridge who listens.
    [`/sys/class/net/${device}/bridge/multicast_snooping`, '0'],
  ];
}

function overlayLink(self: AssignedSelf): OverlayLink {
  return {
    vni: vxlanIdentifier(self.clusterId),
    port: vxlanPort,
    local: self.address,
    mac: self.overlayMac.toLowerCase(),
    mtu: self.overlayMtu,
    address: self.overlayAddress,
  };
}

function routing(inputs: Omit<PathInputs, 'ends'>): Routing {
  const { self, peers } = inputs;
  const ends = new Map(peers.map((peer) => [peer.id as string, peer.overlayAddress]));
  return {
    link: overlayLink(self),
    forwarding: new Map(peers.map((peer) => [peer.overlayMac.toLowerCase(), peer.address])),
    ...paths({ ...inputs, ends }),
  };
}
