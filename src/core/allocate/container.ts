import type { ContainerAttachment } from '../../model/attachment.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { AddressBook, OwnerId } from './addresses.ts';
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
  /** Whether the owner of an address is a container that asked for it, too: then one of them has it while it runs. */
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
    const network = options.network(networkId);
    if (network?.subnet === undefined) return { kind: 'refused', reason: `network ${networkId} has no subnet` };
    const given = address === undefined ? book.pick(networkId) : take(containerId, networkId, address, book, options);
    if (given.kind === 'refused') return given;
    attachments.push({
      networkId,
      address: given.value,
      ...(address !== undefined && { fixed: true }),
      ...others,
    });
  }
  book.replace(containerId, attachments);
  return { kind: 'allocated', value: attachments };
};

const take = (
  containerId: OwnerId,
  networkId: NetworkId,
  address: string,
  book: AddressBook,
  { asked }: ContainerAllocationOptions,
): Allocation<string> => {
  const owner = book.ownerOf(networkId, address);
  if (owner !== undefined && owner !== containerId && !asked(owner, networkId, address)) {
    return { kind: 'refused', reason: `Address already in use: ${address}` };
  }
  return book.check(networkId, address);
};
