import { formatAddress, formatNetwork, overlaps, parseAddress, parseNetwork, contains } from '../../model/ipv4.ts';
import type { Range } from '../../model/ipv4.ts';

/** Something that was allocated, or why it could not be. */
export type Allocation<Value> =
  | { readonly kind: 'allocated'; readonly value: Value }
  | { readonly kind: 'refused'; readonly reason: string };

export interface Subnet {
  readonly subnet: string;
  readonly gateway: string;
  readonly ipRange?: string;
}

export interface SubnetWish {
  readonly subnet?: string | undefined;
  readonly gateway?: string | undefined;
  readonly ipRange?: string | undefined;
}

export interface SubnetOptions {
  /** Where subnets are cut from when none is asked for. */
  readonly pools: readonly string[];
  readonly prefix: number;
  /** What is in use, with the name of its owner. */
  readonly taken: readonly (Range & { readonly owner: string })[];
}

/** This network, loopback, multicast and reserved (RFC 6890): kernels lead none of them to a task. */
const special = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/3'].map(parseNetwork);

/** The least subnet holds the network's, the gateway's and the broadcast address and one task. */
const leastSize = 4;

/** The subnet asked for, or the first one of the pools that overlaps nothing; its gateway is the first address. */
export const allocateSubnet = (wish: SubnetWish, options: SubnetOptions): Allocation<Subnet> => {
  if (wish.subnet === undefined) {
    if (wish.gateway !== undefined || wish.ipRange !== undefined) {
      return refused('a gateway or an address range needs a subnet with it');
    }
    return cut(options);
  }
  const range = parseNetwork(wish.subnet);
  const other = options.taken.find((taken) => overlaps(taken, range));
  if (other !== undefined) return refused(`subnet ${wish.subnet} overlaps ${other.owner}`);
  if (special.some((one) => overlaps(one, range))) {
    return refused(`subnet ${wish.subnet} is not one that tasks can have: take one of 10.0.0.0/8, say`);
  }
  if (range.last - range.first + 1 < leastSize) return refused(`subnet ${wish.subnet} is too small: at least a /30`);
  return within(range, wish);
};

const within = (range: Range, wish: SubnetWish): Allocation<Subnet> => {
  const gateway = wish.gateway === undefined ? range.first + 1 : parseAddress(wish.gateway);
  if (gateway <= range.first || gateway >= range.last) {
    return refused(`gateway ${wish.gateway} is not an address of subnet ${formatNetwork(range)}`);
  }
  if (wish.ipRange !== undefined && !contains(range, parseNetwork(wish.ipRange))) {
    return refused(`address range ${wish.ipRange} is not inside subnet ${formatNetwork(range)}`);
  }
  const value = { subnet: formatNetwork(range), gateway: formatAddress(gateway) };
  return { kind: 'allocated', value: wish.ipRange === undefined ? value : { ...value, ipRange: wish.ipRange } };
};

const cut = ({ pools, prefix, taken }: SubnetOptions): Allocation<Subnet> => {
  const size = 2 ** (32 - prefix);
  const sorted = taken.toSorted((left, right) => left.first - right.first);
  for (const pool of pools.map(parseNetwork)) {
    let first = pool.first;
    for (const other of sorted) {
      if (first + size - 1 < other.first) break;
      if (other.last >= first) first = Math.ceil((other.last + 1) / size) * size;
    }
    if (first + size - 1 <= pool.last) return within({ first, last: first + size - 1 }, {});
  }
  return refused(
    `no free /${prefix} is left in the address pools (${pools.join(', ')}): remove networks that are not used, ` +
      'give a subnet, or add a pool to the cluster',
  );
};

const refused = (reason: string): { readonly kind: 'refused'; readonly reason: string } => ({
  kind: 'refused',
  reason,
});
