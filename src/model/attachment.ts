import type { NetworkId } from './ids.ts';

/**
 * A single container on one network of the cluster. The address is the container's for as long as its row is there,
 * whether it runs or not: it is written into the engine's container, which its engine starts again by itself.
 */
export interface ContainerAttachment {
  readonly networkId: NetworkId;
  /** IPv4 address without a prefix length. Writer: the allocator. */
  readonly address: string;
  /** The IPv6 address that was asked for, where the network has IPv6. Absent: the one that belongs to `address`. */
  readonly address6?: string;
  /** The address was asked for: others may ask for it too, and one of them has it while it runs. */
  readonly fixed?: boolean;
  /** Names on this network beside the container's own. */
  readonly aliases?: readonly string[];
  /** `container:alias`: names that this container alone has for others. */
  readonly links?: readonly string[];
  /** As it was asked for, and is shown. */
  readonly ipv6Address?: string;
}
