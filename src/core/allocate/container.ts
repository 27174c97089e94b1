import type { ContainerAttachment } from '../../model/attachment.ts';
import { canonical6 } from '../../model/ipv6.ts';
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
    const isInForce = ipv6Address !== undefined && network.ipv6 !== undefined;
    const address6 = isInForce ? canonical6(ipv6Address) : undefined;
    const given = give(containerId, { networkId, address, address6 }, book, options);
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

interface Given {
  readonly networkId: NetworkId;
  readonly address: string | undefined;
  readonly address6: string | undefined;
}

const give = (
  containerId: OwnerId,
  { networkId, address, address6 }: Given,
  book: AddressBook,
  options: ContainerAllocationOptions,
): Allocation<string> => {
  const mayShare = (owner: OwnerId): boolean =>
    owner === containerId || options.asked(owner, networkId, address6 ?? '');
  const wanted = book.check6(networkId, { address, address6 }, mayShare);
  if (wanted.kind === 'refused') return wanted;
  return wanted.value === undefined ? book.pick(networkId) : take(containerId, networkId, wanted.value, book, options);
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
