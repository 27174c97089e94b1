import { createHash } from 'node:crypto';
import type { AssignedNetwork } from '../../model/assignment.ts';
import { encryptionPort, networkLabel, overlayPort } from '../../model/network.ts';

/** The VXLAN device of the node. */
export const overlayDevice = 'tutti0';
/** Bridges of Tutti networks begin with this, and nothing else does. */
const bridgePrefix = `${overlayDevice}-`;
/** Every nftables table of ours has this name, but for two. */
export const tableName = 'tutti';
/** What containers may send: a table of family bridge. */
export const guardTableName = 'tutti_guard';
/** Which connections are known: a table of family netdev, and of family ip what conntrack is told for that. */
export const flowsTableName = 'tutti_flows';
/** The iptables chain that DOCKER-USER jumps to. */
export const firewallChain = 'TUTTI';
/** The iptables chain that INPUT jumps to. */
export const inputChain = 'TUTTI-INPUT';

/** Routes and rules of ours carry this routing protocol number, so that they can be told from others'. */
export const routeProtocol = 116;
/** Routing rules: what the node itself sends, and unmarked packets, skip the steering rules, which all have one priority. */
export const rulePriority = { seal: 10_990, local: 10_999, skip: 11_000, steer: 11_001, end: 11_002 } as const;
/** The part of a packet's mark that says which node a reply goes back to. */
export const steerMask = 0xffff_0000;
const steerTableBase = 0x5474_0000;

/** The routing table of what goes through WireGuard: the one before those of the nodes. */
export const sealTable = steerTableBase;

/** UDP port of the overlay. */
export const vxlanPort = overlayPort;
/** UDP port of WireGuard. */
export const wireguardPort = encryptionPort;
/** WireGuard devices of ours begin with this, and nothing else does: no pattern for overlay and bridges matches them. */
export const tunnelPrefix = 'tuttiwg';
/** Matches them, in nftables' own syntax. */
export const tunnelPattern = `"${tunnelPrefix}*"`;
/** A node's WireGuard device. Sockets of wireguard-go are named after it, and nodes that share a machine share their directory. */
export const tunnelDevice = (nodeId: string): string => `${tunnelPrefix}${digest(nodeId).slice(0, 8)}`;

/** Labels of the engine's networks that are ours. */
export const clusterLabel = 'tutti.cluster';
export { networkLabel };
/** The network's name, for people. */
export const networkNameLabel = 'tutti.network.name';

/** Interface names have 15 characters at most: eight of the id remain, which is 41 bits. */
export const bridgeName = (networkId: string): string => {
  const plain = networkId.toLowerCase();
  const short = /^[a-z0-9]{8,}$/.test(plain) ? plain.slice(0, 8) : digest(networkId).slice(0, 8);
  return `${bridgePrefix}${short}`;
};

/** Matches every bridge of ours, in nftables' own syntax. */
export const bridgePattern = `"${bridgePrefix}*"`;

/** Matches the bridges and the overlay device. */
export const anyPattern = `"${overlayDevice}*"`;

/**
 * Name of the engine's network. Engines before 28 give a container the default route of the network whose name sorts
 * first: that must be the ingress network, because replies to clients leave by the default route.
 */
export const dockerNetworkName = (network: Pick<AssignedNetwork, 'id' | 'ingress'>): string =>
  `tutti-${network.ingress ? 0 : 1}-${network.id}`;

/** The VXLAN network identifier of a cluster: two clusters on one wire do not hear each other. */
export const vxlanIdentifier = (clusterId: string): number =>
  (Number.parseInt(digest(clusterId).slice(0, 6), 16) % 0xff_fffe) + 1;

/** A node as the marks number it: the last 16 bits of its overlay address, which are unique in a pool up to a /16. */
export const steerIndex = (overlayAddress: string): number => {
  const [, , high = 0, low = 0] = overlayAddress.split('.').map(Number);
  return high * 256 + low;
};
/** The mark of connections that came in by a node. */
export const steerMark = (index: number): number => index * 0x1_0000;
/** The routing table that leads back to a node. */
export const steerTable = (index: number): number => steerTableBase + index;
/** The node that a routing table leads to; undefined for tables that are not ours. */
export const steerIndexOfTable = (table: number): number | undefined =>
  table > steerTableBase && table <= steerTableBase + 0xffff ? table - steerTableBase : undefined;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
