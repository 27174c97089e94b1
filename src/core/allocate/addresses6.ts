import { formatAddress } from '../../model/ipv4.ts';
import { canonical6, contains6, numberOf, parseAddress6, parseNetwork6, sixthAddress } from '../../model/ipv6.ts';
import type { Subnet6 } from '../../model/ipv6.ts';
import type { Network } from '../../model/network.ts';
import type { Allocation } from './subnet.ts';

/** The IPv6 addresses of one network that were asked for. All others belong to an IPv4 address, and go with it. */
export interface AskedAddresses6 {
  readonly ipv4Subnet: string;
  readonly ipv6: Subnet6;
  readonly owners: Map<string, readonly string[]>;
}

export const hold = (asked: AskedAddresses6 | undefined, address: string, ownerId: string): void => {
  const others = (asked?.owners.get(address) ?? []).filter((id) => id !== ownerId);
  asked?.owners.set(address, [...others, ownerId]);
};

export const letGo = ({ owners }: AskedAddresses6, address: string, ownerId: string): void => {
  const left = (owners.get(address) ?? []).filter((id) => id !== ownerId);
  if (left.length === 0) owners.delete(address);
  else owners.set(address, left);
};

/** Numbers in the IPv4 subnet that nobody can be given because what belongs to them in the other is taken. */
export const reservedNumbers = ({ subnet, ipv6, spec }: Network): readonly number[] => {
  if (subnet === undefined || ipv6 === undefined) return [];
  return [ipv6.gateway, ...auxiliary6(spec)].flatMap((address) => numberOf(subnet, ipv6, address) ?? []);
};

const auxiliary6 = ({ ipam }: Network['spec']): readonly string[] =>
  (ipam?.ipv6Configs ?? []).flatMap((config) => Object.values(config.auxiliaryAddresses ?? {}));

/** See `AddressBook.check6`. */
export const checkAddress6 = (
  { ipv4Subnet, ipv6, owners }: AskedAddresses6,
  name: string,
  { address, address6 }: { readonly address: string | undefined; readonly address6: string },
  mayShare: (owner: string) => boolean,
): Allocation<string | undefined> => {
  const value = parseAddress6(address6);
  const range = parseNetwork6(ipv6.subnet);
  if (!contains6(range, { first: value, last: value })) {
    const reason = `Invalid address ${address6}: It does not belong to any of this network's subnets`;
    return { kind: 'refused', reason: `${reason} (network ${name})` };
  }
  const inUse: Allocation<never> = { kind: 'refused', reason: `Address already in use: ${address6}` };
  if (value === range.first || address6 === canonical6(ipv6.gateway)) return inUse;
  if (!(owners.get(address6) ?? []).every(mayShare)) return inUse;
  const number = numberOf(ipv4Subnet, ipv6, address6);
  if (number === undefined) return { kind: 'allocated', value: address };
  const own = formatAddress(number);
  if (address === undefined || sixthAddress(ipv4Subnet, ipv6, address) === address6) {
    return { kind: 'allocated', value: own };
  }
  return { kind: 'refused', reason: `${inUse.reason}: it goes with ${own}` };
};
