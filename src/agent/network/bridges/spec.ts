import type { AssignedNetwork, AssignedSelf } from '../../../model/assignment.ts';
import { contains, overlaps, readRange } from '../../../model/ipv4.ts';
import { contains6, overlaps6, parseNetwork6 } from '../../../model/ipv6.ts';
import {
  bridgeName,
  clusterLabel,
  dockerNetworkName,
  networkLabel,
  networkNameLabel,
  overlayDevice,
} from '../names.ts';
import { isDual } from '../endpoints.ts';
import type { DockerNetwork, DockerNetworkRequest } from '../ports.ts';

/** The engine's network for one of ours. */
export function bridgeRequest(network: AssignedNetwork, self: AssignedSelf): DockerNetworkRequest {
  const asked = Number(network.options?.['com.docker.network.driver.mtu'] ?? self.overlayMtu);
  const mtu = Number.isInteger(asked) && asked >= 576 ? Math.min(asked, self.overlayMtu) : self.overlayMtu;
  return {
    name: dockerNetworkName(network),
    labels: {
      ...network.labels,
      [clusterLabel]: self.clusterId,
      [networkLabel]: network.id,
      [networkNameLabel]: network.name,
    },
    options: {
      'com.docker.network.bridge.name': bridgeName(network.id),
      // Docker would rewrite the source towards the overlay; our own table masquerades the rest.
      'com.docker.network.bridge.enable_ip_masquerade': 'false',
      'com.docker.network.driver.mtu': String(mtu),
      // Engines from 28 on drop what does not arrive by the bridge; older ones ignore the option.
      'com.docker.network.bridge.trusted_host_interfaces': overlayDevice,
    },
    internal: network.internal,
    subnet: network.subnet,
    gateway: network.gateway,
    ...(isDual(network, self) && { ipv6: network.ipv6 }),
  };
}

/** Whether the engine's network is still what is wanted. The MTU may differ: the path's own is found out by the kernel. */
export function isSameBridge(found: DockerNetwork, wanted: DockerNetworkRequest): boolean {
  const option = 'com.docker.network.bridge.name';
  const wantedSubnets = [wanted, ...(wanted.ipv6 === undefined ? [] : [wanted.ipv6])];
  return (
    found.name === wanted.name &&
    found.internal === wanted.internal &&
    found.options[option] === wanted.options[option] &&
    found.subnets.length === wantedSubnets.length &&
    wantedSubnets.every(({ subnet, gateway }) => {
      const same = found.subnets.find((one) => one.subnet === subnet);
      return same !== undefined && (same.gateway === undefined || same.gateway === gateway);
    })
  );
}

/** A row of `ip -j route`. */
export interface HostRoute {
  readonly dst: string;
  readonly dev?: string | undefined;
  readonly gateway?: string | undefined;
}

/**
 * A route of the machine that stands in the way of a subnet: one inside of it, or a network that the machine is itself on.
 * A wider route by way of a gateway is not in the way; the subnet's own route is the more precise.
 */
export function routeConflict(subnet: string, bridge: string, routes: readonly HostRoute[]): HostRoute | undefined {
  return routes.find(({ dst, dev, gateway }) => {
    if (dst === 'default' || dev === bridge || dev === overlayDevice) return false;
    const { overlaps, contains } = relation(subnet, dst);
    return overlaps && (gateway === undefined || contains);
  });
}

/** What a network, of either family, has to do with another. */
function relation(subnet: string, other: string): { readonly overlaps: boolean; readonly contains: boolean } {
  if (subnet.includes(':') && other.includes(':')) {
    const [wanted, found] = [parseNetwork6(subnet), parseNetwork6(other)];
    return { overlaps: overlaps6(wanted, found), contains: contains6(wanted, found) };
  }
  const [wanted, found] = [readRange(subnet), readRange(other)];
  if (wanted === undefined || found === undefined) return { overlaps: false, contains: false };
  return { overlaps: overlaps(wanted, found), contains: contains(wanted, found) };
}
