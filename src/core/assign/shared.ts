import type {
  AssignedConfig,
  AssignedNetwork,
  AssignedPeer,
  AssignedSecret,
  AssignedSelf,
} from '../../model/assignment.ts';
import { overlayAddress6 } from '../../model/cluster-ipv6.ts';
import { encryptionOf } from '../../model/cluster.ts';
import type { Cluster, Encryption } from '../../model/cluster.ts';
import type { Network } from '../../model/network.ts';
import { isAddressRefused, nodeName } from '../../model/node.ts';
import type { Node, NodeDescription, Refused } from '../../model/node.ts';
import type { Config, Secret } from '../../model/secret.ts';

/** What VXLAN adds to each packet over IPv4, in bytes. */
const encapsulation = 50;
/** What WireGuard adds, over IPv4. */
const encryptionOverhead = 60;
const usualMtu = 1500;

/** MTU for overlay traffic: the least of all nodes', because a packet may go between any two. */
export const overlayMtu = (nodes: Iterable<Node>, encryption: Encryption): number => {
  let least = Number.POSITIVE_INFINITY;
  const machines = new Set<string | undefined>();
  for (const { description } of nodes) {
    if (description === undefined) continue;
    least = Math.min(least, description.mtu ?? usualMtu);
    if (description.publicKey !== undefined) machines.add(description.machine);
  }
  const encrypted = encryption === 'on' || (encryption === 'auto' && machines.size > 1);
  return (Number.isFinite(least) ? least : usualMtu) - encapsulation - (encrypted ? encryptionOverhead : 0);
};

const wireOf = (
  { machine, publicKey }: NodeDescription,
  refused: Refused | undefined,
): Pick<AssignedPeer, 'machine' | 'publicKey'> => ({
  ...(machine !== undefined && { machine }),
  ...(publicKey !== undefined && refused?.publicKey === undefined && { publicKey }),
});

const sixthEnd = (
  { description, overlay }: Node,
  clusterId: string,
): Pick<AssignedPeer, 'overlayAddress6' | 'addresses6'> =>
  description?.ipv6 === true && overlay !== undefined
    ? {
        overlayAddress6: overlayAddress6(clusterId, overlay.address),
        ...(description.addresses6 !== undefined && { addresses6: description.addresses6 }),
      }
    : {};

/** The node as the others see it, once it has told its address, which is no other node's, and has an end of the overlay. */
export const peerOf = (node: Node, clusterId: string): AssignedPeer | undefined =>
  node.description === undefined || node.overlay === undefined || isAddressRefused(node)
    ? undefined
    : {
        kind: 'peer',
        id: node.id,
        name: nodeName(node),
        address: node.description.address,
        overlayAddress: node.overlay.address,
        overlayMac: node.overlay.mac,
        ...sixthEnd(node, clusterId),
        ...wireOf(node.description, node.refused),
      };

export const selfOf = (node: Node, cluster: Cluster, mtu: number): AssignedSelf | undefined =>
  node.description === undefined || node.overlay === undefined
    ? undefined
    : {
        kind: 'self',
        id: node.id,
        name: nodeName(node),
        clusterId: cluster.id,
        address: node.description.address,
        overlayAddress: node.overlay.address,
        overlayMac: node.overlay.mac,
        ...sixthEnd(node, cluster.id),
        overlayMtu: mtu,
        taskHistoryLimit: cluster.spec.taskHistoryLimit,
        ...wireOf(node.description, node.refused),
        encryption: encryptionOf(cluster.spec),
        ...(node.spec.labels === undefined ? {} : { labels: node.spec.labels }),
      };

/** The engine's own networks (`host`, `bridge`, `none`) have no subnet of ours: nodes know them by their driver's name. */
const engineNetworkOf = ({ id, spec }: Network): AssignedNetwork => ({
  kind: 'network',
  id,
  name: spec.driver,
  subnet: '',
  gateway: '',
  internal: false,
  ingress: false,
});

export const networkOf = (network: Network): AssignedNetwork | undefined => {
  if (network.spec.driver !== 'overlay') return engineNetworkOf(network);
  return network.subnet === undefined || network.gateway === undefined
    ? undefined
    : {
        kind: 'network',
        id: network.id,
        name: network.spec.name,
        subnet: network.subnet,
        gateway: network.gateway,
        ...(network.ipv6 !== undefined && { ipv6: { subnet: network.ipv6.subnet, gateway: network.ipv6.gateway } }),
        internal: network.spec.internal === true,
        ingress: network.spec.ingress === true,
        ...(network.spec.options === undefined ? {} : { options: network.spec.options }),
        ...(network.spec.labels === undefined ? {} : { labels: network.spec.labels }),
      };
};

export const secretOf = ({ id, spec }: Secret): AssignedSecret => ({
  kind: 'secret',
  id,
  name: spec.name,
  data: spec.data,
  ...(spec.templating === undefined ? {} : { templated: true }),
});

export const configOf = ({ id, spec }: Config): AssignedConfig => ({
  kind: 'config',
  id,
  name: spec.name,
  data: spec.data,
  ...(spec.templating === undefined ? {} : { templated: true }),
});
