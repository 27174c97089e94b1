import type { ContainerAttachment } from '../../model/attachment.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { AddressBook, OwnerId } from './addresses.ts';
import { giveAddress, wantedAddress6 } from './give.ts';
import type { Recipient } from './give.ts';
import type { Allocation } from './subnet.ts';

/** A container's wish to be on a network of the cluster. */
export interface AttachmentWish {
  readonly networkId: NetworkId;
  /** `--ip` */
  readonly address?: string;
  readonly aliases?: readonly string[];
  readonly links?: readonly string[];
  readonly ipv6Address?: string;
}

export interface ContainerAllocationOptions {
  readonly network: (id: string) => Network | undefined;
  /**
   * Whether the owner of an address, of either family, is a container that asked for it, too: then one of them has it
   * while it runs.
   */
  readonly asked: (owner: OwnerId, networkId: NetworkId, address: string) => boolean;
}

/**
 * The attachments of a container: those that it has, and one for each wish. All of them are noted in the book as the
 * container's, or none of the new ones.
 */
export const allocateContainer = (
  containerId: OwnerId,
  present: readonly ContainerAttachment[],
  wishes: readonly AttachmentWish[],
  book: AddressBook,
  options: ContainerAllocationOptions,
): Allocation<readonly ContainerAttachment[]> => {
  const attachments = [...present];
  for (const { networkId, address, ...others } of wishes) {
    const { ipv6Address } = others;
    const network = options.network(networkId);
    if (network?.subnet === undefined) return { kind: 'refused', reason: `network ${networkId} has no subnet` };
    const address6 = wantedAddress6(network, ipv6Address);
    const recipient: Recipient = {
      id: containerId,
      mayShare: (owner, asked) => options.asked(owner, networkId, asked),
      taken: (asked) => `Address already in use: ${asked}`,
    };
    const given = giveAddress(networkId, { address, address6 }, recipient, book);
    if (given.kind === 'refused') return given;
    attachments.push({
      networkId,
      address: given.value,
      ...(address6 !== undefined && { address6 }),
      ...(address !== undefined && { fixed: true }),
      ...others,
    });
  }
  book.replace(containerId, attachments);
  return { kind: 'allocated', value: attachments };
};
