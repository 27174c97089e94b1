import type { AssignedNetwork, AssignedSelf } from '../../model/assignment.ts';
import { contains, overlaps, range } from './ipv4.ts';
import { bridgeName, clusterLabel, dockerNetworkName, networkLabel, networkNameLabel, overlayDevice } from './names.ts';
import type { DockerNetwork, DockerNetworkRequest } from './ports.ts';

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
  };
}

/** Whether the engine's network is still what is wanted. The MTU may differ: the path's own is found out by the kernel. */
export function isSameBridge(found: DockerNetwork, wanted: DockerNetworkRequest): boolean {
  const option = 'com.docker.network.bridge.name';
  const [only] = found.subnets;
  return (
    found.name === wanted.name &&
    found.internal === wanted.internal &&
    found.options[option] === wanted.options[option] &&
    found.subnets.length === 1 &&
    only?.subnet === wanted.subnet &&
    (only.gateway === undefined || only.gateway === wanted.gateway)
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
  const wanted = range(subnet);
  if (wanted === undefined) return undefined;
  return routes.find(({ dst, dev, gateway }) => {
    const found = dst === 'default' ? undefined : range(dst);
    if (found === undefined || dev === bridge || dev === overlayDevice || !overlaps(wanted, found)) return false;
    return gateway === undefined || contains(wanted, found);
  });
}
