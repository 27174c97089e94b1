import * as z from 'zod';
import { ipv4, ipv4Network, labels, objectName } from './common.ts';
import type { NetworkId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

/** UDP port of the overlay. Not 4789, so that Swarm's own overlay networks can be on the same node. */
export const overlayPort = 4797;

export const ipamConfig = z.object({
  subnet: ipv4Network.optional(),
  ipRange: ipv4Network.optional(),
  gateway: ipv4.optional(),
  auxiliaryAddresses: z.record(z.string(), z.string()).optional(),
});

export const networkSpec = z.object({
  name: objectName,
  labels: labels.optional(),
  /** `overlay` is built by Tutti; `host`, `bridge` and `none` stand for the engine's own on every node. */
  driver: z.enum(['overlay', 'host', 'bridge', 'none']),
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
}
