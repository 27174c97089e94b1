import type { AssignedEndpoint, AssignedPeer, AssignedSelf } from '../../model/assignment.ts';
import { assigned, assignedSelf, liveEndpoints } from './endpoints.ts';
import type { Assignments, Observations } from './endpoints.ts';
import type { KernelState, OverlayLink, Routing } from './kernel-state.ts';
import { bridgeName, overlayDevice, steerIndex, vxlanIdentifier, vxlanPort } from './names.ts';
import { noBalanceMemory, serviceEndpoints, virtualServices } from './balance.ts';
import type { VirtualService } from './balance.ts';
import { publications } from './publish.ts';
import { bridgeTable, ipTable } from './ruleset.ts';

/**
 * What the kernel should have for these assignments: overlay, routes, rules, and our nftables tables. Undefined while the
 * node does not know itself, so that nothing is torn down for want of news. `memory`: of the last time, for speed alone.
 */
export function desiredKernelState(
  assignments: Assignments,
  observations: Observations,
  memory = noBalanceMemory(),
): KernelState | undefined {
  const self = assignedSelf(assignments);
  if (self === undefined) return undefined;
  const peers = assigned(assignments, 'peer').filter(({ id }) => id !== self.id);
  const networks = assigned(assignments, 'network').filter(({ subnet }) => subnet !== '');
  const endpoints = liveEndpoints(assignments, observations);
  const find = serviceEndpoints(endpoints, new Set([self.id, ...peers.map(({ id }) => id)]), memory);
  const published = publications(assigned(assignments, 'publish'), find, peers, self.id);
  const services = virtualServices(assigned(assignments, 'vip'), find, self.id, memory);
  return {
    routing: routing(self, peers, endpoints, services),
    tables: [ipTable({ self, networks, peers, published, services }), bridgeTable(networks)],
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

function routing(
  self: AssignedSelf,
  peers: readonly AssignedPeer[],
  endpoints: readonly AssignedEndpoint[],
  services: readonly VirtualService[],
): Routing {
  const overlayAddress = new Map(peers.map((peer) => [peer.id, peer.overlayAddress]));
  const routes = new Map(peers.map((peer) => [peer.overlayAddress, '']));
  for (const endpoint of holders(endpoints).values()) {
    const via = endpoint.nodeId === self.id ? undefined : overlayAddress.get(endpoint.nodeId);
    if (via !== undefined) routes.set(endpoint.address, via);
  }
  // Nothing goes there: what is not translated is refused before. Led back by the bridge that it came from, it would cost
  // a redirect, and that the refusal: the kernel tells one host only so much at a time.
  for (const { address } of services) routes.set(address, '');
  return {
    link: overlayLink(self),
    forwarding: new Map(peers.map((peer) => [peer.overlayMac.toLowerCase(), peer.address])),
    neighbours: new Map(peers.map((peer) => [peer.overlayAddress, peer.overlayMac.toLowerCase()])),
    routes,
    returns: new Map(peers.map((peer) => [steerIndex(peer.overlayAddress), peer.overlayAddress])),
    rules: new Set([skipRule, endRule, ...peers.map((peer) => steerIndex(peer.overlayAddress))]),
  };
}

/** Stand-ins for the two fixed rules among the node indexes. */
export const skipRule = -1;
export const endRule = -2;

/** Who holds an address: while a task moves two may claim it for a moment, and the ready one has it. */
function holders(endpoints: readonly AssignedEndpoint[]): Map<string, AssignedEndpoint> {
  const found = new Map<string, AssignedEndpoint>();
  for (const endpoint of endpoints) {
    const other = found.get(endpoint.address);
    if (other === undefined || (endpoint.ready && !other.ready)) found.set(endpoint.address, endpoint);
  }
  return found;
}
