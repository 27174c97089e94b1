import { canonical6 } from '../../model/ipv6.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { AddressBook, OwnerId } from './addresses.ts';
import type { Allocation } from './subnet.ts';

/** What is asked for on one network; without an address it is whichever is free. */
export interface AddressWish {
  readonly address: string | undefined;
  readonly address6: string | undefined;
}

/** Who is to get an address, and what there is to say of those who have it. */
export interface Recipient {
  readonly id: OwnerId;
  /** Whether the present owner of the address, of either family, is no obstacle. */
  readonly mayShare: (owner: OwnerId, address: string) => boolean;
  /** Why the address is refused. */
  readonly taken: (address: string, owner: OwnerId) => string;
}

/** The IPv6 address that is asked for, as the book has it; undefined where the network has no IPv6. */
export const wantedAddress6 = (network: Network | undefined, address6: string | undefined): string | undefined =>
  address6 === undefined || network?.ipv6 === undefined ? undefined : canonical6(address6);

/** An IPv4 address on the network: the one that is asked for or goes with the IPv6 one, or one that nobody has. Not noted yet. */
export const giveAddress = (
  networkId: NetworkId,
  wish: AddressWish,
  { id, mayShare, taken }: Recipient,
  book: AddressBook,
): Allocation<string> => {
  const isObstacle = (owner: OwnerId, address: string): boolean => owner !== id && !mayShare(owner, address);
  const wanted = book.check6(networkId, wish, (owner) => !isObstacle(owner, wish.address6 ?? ''));
  if (wanted.kind === 'refused') return wanted;
  if (wanted.value === undefined) return book.pick(networkId);
  const owner = book.ownerOf(networkId, wanted.value);
  if (owner !== undefined && isObstacle(owner, wanted.value)) {
    return { kind: 'refused', reason: taken(wanted.value, owner) };
  }
  return book.check(networkId, wanted.value);
};
