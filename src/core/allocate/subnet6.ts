import { parseNetwork } from '../../model/ipv4.ts';
import {
  contains6,
  formatAddress6,
  formatNetwork6,
  overlaps6,
  parseAddress6,
  parseNetwork6,
} from '../../model/ipv6.ts';
import type { Range6, Subnet6 } from '../../model/ipv6.ts';
import type { Allocation, SubnetWish } from './subnet.ts';

export interface Subnet6Options {
  /** Where a subnet is cut from when none is asked for: the cluster's own network. */
  readonly pool: string;
  /** The network's IPv4 subnet: each of its addresses has one here. */
  readonly ipv4Subnet: string;
  /** What is in use, with the name of its owner. */
  readonly taken: readonly (Range6 & { readonly owner: string })[];
}

/** What hosts assume of a network that nobody chose otherwise (RFC 4291, 2.5.1). */
const usualLength = 64;

/** The IPv6 subnet asked for, or the first one of the pool that overlaps nothing; its gateway is the first address. */
export const allocateSubnet6 = (wish: SubnetWish, options: Subnet6Options): Allocation<Subnet6> => {
  if (wish.subnet === undefined) {
    if (wish.gateway !== undefined || wish.ipRange !== undefined) {
      return refused('an IPv6 gateway or address range needs a subnet with it');
    }
    return cut(options);
  }
  const range = parseNetwork6(wish.subnet);
  const other = options.taken.find((taken) => overlaps6(taken, range));
  if (other !== undefined) return refused(`subnet ${wish.subnet} overlaps ${other.owner}`);
  if (isSpecial(range)) return refused(`subnet ${wish.subnet} is not one that tasks can have: take one of fd00::/8`);
  return within(range, wish, options);
};

const reserved = ['ff00::/8', 'fe80::/10', '::/96', '::ffff:0:0/96'].map(parseNetwork6);
const isSpecial = (range: Range6): boolean => reserved.some((each) => overlaps6(each, range));

const within = (range: Range6, wish: SubnetWish, { ipv4Subnet }: Subnet6Options): Allocation<Subnet6> => {
  const subnet = formatNetwork6(range);
  const gateway = wish.gateway === undefined ? range.first + 1n : parseAddress6(wish.gateway);
  // The first one stands for all routers of a subnet (RFC 4291, 2.6.1).
  if (gateway <= range.first || gateway > range.last) {
    return refused(`gateway ${wish.gateway ?? formatAddress6(gateway)} is not an address of subnet ${subnet}`);
  }
  const given = wish.ipRange === undefined ? range : parseNetwork6(wish.ipRange);
  if (!contains6(range, given)) return refused(`address range ${wish.ipRange} is not inside subnet ${subnet}`);
  const { first, last } = parseNetwork(ipv4Subnet);
  if (given.last - given.first < BigInt(last - first)) {
    return refused(`${formatNetwork6(given)} has fewer addresses than the IPv4 subnet ${ipv4Subnet}: widen it`);
  }
  const value = { subnet, gateway: formatAddress6(gateway) };
  return {
    kind: 'allocated',
    value: wish.ipRange === undefined ? value : { ...value, ipRange: formatNetwork6(given) },
  };
};

const cut = (options: Subnet6Options): Allocation<Subnet6> => {
  const pool = parseNetwork6(options.pool);
  const size = 1n << BigInt(128 - usualLength);
  const sorted = options.taken.toSorted((left, right) => (left.first < right.first ? -1 : 1));
  let first = pool.first;
  for (const other of sorted) {
    if (first + size - 1n < other.first) break;
    if (other.last >= first) first = (other.last / size + 1n) * size;
  }
  const range = { first, last: first + size - 1n, length: usualLength };
  if (range.last > pool.last) return refused(`no free IPv6 subnet is left in ${options.pool}: give one`);
  return within(range, {}, options);
};

const refused = (reason: string): { readonly kind: 'refused'; readonly reason: string } => ({
  kind: 'refused',
  reason,
});
