import * as z from 'zod';
import { ipv4, ipv4Network, labels } from './common.ts';
import type { NetworkId } from './ids.ts';
import type { Subnet6 } from './ipv6.ts';
import type { DeepReadonly, Stored } from './object.ts';

/** UDP port of the overlay. Not 4789, so that Swarm's own overlay networks can be on the same node. */
export const overlayPort = 4797;
/** UDP port of WireGuard, which the overlay goes through where it is encrypted. */
export const encryptionPort = 4798;

/** TCP port where no node listens: whether one is reached shows by its refusing a connection there. */
export const probePort = 4799;

/** Label of an engine's network that is one of ours on that node: the network's id. */
export const networkLabel = 'tutti.network';

const engineName = /^tutti-[01]-([0-9a-z]+)$/;

/** The network's id, of what its engines call it (agent/network/names.ts); undefined for any other text. */
export const networkIdOf = (dockerNetwork: string): string | undefined => engineName.exec(dockerNetwork)?.[1];

export const ipamConfig = z.object({
  subnet: ipv4Network.optional(),
  ipRange: ipv4Network.optional(),
  gateway: ipv4.optional(),
  auxiliaryAddresses: z.record(z.string(), z.string()).optional(),
});

const ipv6Config = z.object({
  subnet: z.cidrv6().optional(),
  ipRange: z.cidrv6().optional(),
  gateway: z.ipv6().optional(),
  auxiliaryAddresses: z.record(z.string(), z.string()).optional(),
});

/** Docker allows any text; a slash is what parts a node's name from that of a network of its engine. */
const networkName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\s/\p{Cc}](?:[^/\p{Cc}]*[^\s/\p{Cc}])?$/u, 'no slashes, no control characters, no space at the ends');

export const networkSpec = z.object({
  name: networkName,
  labels: labels.optional(),
  /** `overlay` is built by Tutti; `host`, `bridge` and `none` stand for the engine's own on every node. */
  driver: z.enum(['overlay', 'host', 'bridge', 'none']),
  /** Another has the name as well: it is found by its id alone. */
  duplicate: z.literal(true).optional(),
  /** What is shown as the driver of a network that spans the nodes like any overlay, but was asked for as a bridge. */
  shownDriver: z.literal('bridge').optional(),
  options: z.record(z.string(), z.string()).optional(),
  internal: z.boolean().optional(),
  attachable: z.boolean().optional(),
  /** The network of the ports published on every node. There is one. */
  ingress: z.boolean().optional(),
  ipv6: z.boolean().optional(),
  ipam: z
    .object({
      driver: z.string().optional(),
      options: z.record(z.string(), z.string()).optional(),
      configs: z.array(ipamConfig).max(16).optional(),
      ipv6Configs: z.array(ipv6Config).max(16).optional(),
    })
    .optional(),
});
export type NetworkSpec = DeepReadonly<z.infer<typeof networkSpec>>;

export interface Network extends Stored<NetworkId> {
  readonly spec: NetworkSpec;
  /** The subnet in force. Writer: the allocator. Absent for drivers other than overlay. */
  readonly subnet?: string;
  readonly gateway?: string;
  /** Addresses are given out of this range (a network in `subnet`); the whole subnet when absent. */
  readonly ipRange?: string;
  /** What is in force of IPv6. Writer: the allocator. Absent: none. */
  readonly ipv6?: Subnet6;
}
