import { parseAddress } from './ipv4.ts';
import { formatAddress6, parseNetwork6 } from './ipv6.ts';
import type { Range6 } from './ipv6.ts';

/** The cluster's own IPv6 network, a unique local one (RFC 4193): its 40 bits are made of the cluster's id. */
export const clusterNetwork6 = (clusterId: string): string =>
  `${formatAddress6((0xfdn << 120n) | ((textHash(clusterId) & 0xff_ffff_ffffn) << 80n))}/48`;

/** FNV-1a. */
const textHash = (text: string): bigint => {
  let hash = 0xcbf29ce484222325n;
  for (let at = 0; at < text.length; at += 1) {
    hash = ((hash ^ BigInt(text.charCodeAt(at))) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
  }
  return hash;
};

/** The last /64 of the cluster's network is that of the nodes' ends of the overlay. */
export const overlayNetwork6 = (clusterId: string): Range6 => {
  const { first } = parseNetwork6(clusterNetwork6(clusterId));
  return parseNetwork6(`${formatAddress6(first + (0xffffn << 64n))}/64`);
};

/** A node's end of the overlay: the number of its IPv4 one. */
export const overlayAddress6 = (clusterId: string, address: string): string =>
  formatAddress6(overlayNetwork6(clusterId).first + BigInt(parseAddress(address)));
