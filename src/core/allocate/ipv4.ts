/** A range of IPv4 addresses as numbers, both ends included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** `10.0.1.0/24` as the range of all its addresses; host bits are cleared. */
export const parseNetwork = (cidr: string): Range => {
  const [address = '', length = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(parseAddress(address) / size) * size;
  return { first, last: first + size - 1 };
};

export const parseAddress = (address: string): number =>
  address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

export const formatAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export const formatNetwork = (range: Range): string =>
  `${formatAddress(range.first)}/${32 - Math.log2(range.last - range.first + 1)}`;

export const overlaps = (left: Range, right: Range): boolean => left.first <= right.last && right.first <= left.last;

export const contains = (outer: Range, inner: Range): boolean => outer.first <= inner.first && inner.last <= outer.last;
