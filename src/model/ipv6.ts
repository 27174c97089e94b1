import { parseAddress as parseFourth, parseNetwork as parseFourthNetwork } from './ipv4.ts';

/** A network of IPv6 addresses as numbers, both ends included. */
export interface Range6 {
  readonly first: bigint;
  readonly last: bigint;
  /** Length of the prefix. */
  readonly length: number;
}

/** The IPv6 part of a network, as it is in force. */
export interface Subnet6 {
  /** `fd54:7574:7469::/64` */
  readonly subnet: string;
  readonly gateway: string;
  /** Addresses are out of this network, which is in `subnet`; absent: out of the whole subnet. */
  readonly ipRange?: string | undefined;
}

const groups = 8;

/** The number of an address, which must be one (RFC 4291, 2.2). */
export const parseAddress6 = (text: string): bigint => {
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const gap = tail === undefined ? [] : Array.from({ length: groups - before.length - after.length }, () => 0);
  return [...before, ...gap, ...after].reduce((value, group) => value * 0x1_0000n + BigInt(group), 0n);
};

/** The last part may be an IPv4 address. */
const groupsOf = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)];
        const value = parseFourth(group);
        return [Math.floor(value / 0x1_0000), value % 0x1_0000];
      });

/** As the kernel and its tools write it (RFC 5952, 4): lower case, the first longest run of zeros left out. */
export const formatAddress6 = (value: bigint): string => {
  const all = Array.from({ length: groups }, (_, index) =>
    Number((value >> BigInt(16 * (groups - 1 - index))) & 0xffffn),
  );
  const { at, length } = longestRun(all);
  const text = (from: number, to: number): string =>
    all
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return length < 2 ? text(0, groups) : `${text(0, at)}::${text(at + length, groups)}`;
};

const longestRun = (all: readonly number[]): { readonly at: number; readonly length: number } => {
  let best = { at: 0, length: 0 };
  for (let at = 0; at < all.length; at += 1) {
    let end = at;
    while (all[end] === 0) end += 1;
    if (end - at > best.length) best = { at, length: end - at };
    at = Math.max(at, end - 1);
  }
  return best;
};

/** The address in the one form that everything here uses; it must be one. */
export const canonical6 = (text: string): string => formatAddress6(parseAddress6(text));

/** `fd00::/64` as the range of all its addresses; host bits are cleared. */
export const parseNetwork6 = (cidr: string): Range6 => {
  const [address = '', prefix = '128'] = cidr.split('/');
  const length = Number(prefix);
  const bits = BigInt(128 - length);
  const first = (parseAddress6(address) >> bits) << bits;
  return { first, last: first + (1n << bits) - 1n, length };
};

export const formatNetwork6 = ({ first, length }: Range6): string => `${formatAddress6(first)}/${length}`;

export const overlaps6 = (left: Range6, right: Range6): boolean => left.first <= right.last && right.first <= left.last;

export const contains6 = (outer: Range6, inner: Pick<Range6, 'first' | 'last'>): boolean =>
  outer.first <= inner.first && inner.last <= outer.last;

/** In networks with room for it addresses begin here, so that those that people choose (`::10`) are free. */
const firstGiven = 1n << 24n;

/** The addresses that are given out: the first of them belongs to the first address of the IPv4 subnet. */
const baseOf = ({ subnet, ipRange = subnet }: Subnet6): bigint => {
  const { first, length } = parseNetwork6(ipRange);
  return length < 96 ? first + firstGiven : first;
};

/**
 * The IPv6 address of whoever has an IPv4 address on the network: the same number in the other subnet. So one allocation
 * gives both, and nobody has to be told the second.
 */
export const sixthAddress = (ipv4Subnet: string, ipv6: Subnet6, address: string): string =>
  formatAddress6(baseOf(ipv6) + BigInt(parseFourth(address) - parseFourthNetwork(ipv4Subnet).first));

/** The number in the IPv4 subnet that an IPv6 address belongs to; undefined for those that nobody is given. */
export const numberOf = (ipv4Subnet: string, ipv6: Subnet6, address: string): number | undefined => {
  const { first, last } = parseFourthNetwork(ipv4Subnet);
  const offset = parseAddress6(address) - baseOf(ipv6);
  return offset >= 0n && offset <= BigInt(last - first) ? first + Number(offset) : undefined;
};
