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

/** The number of a dotted address, which must be one. */
export const parseAddress = (address: string): number =>
  address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

/** As `parseAddress`, of text that may be anything. */
const readAddress = (text: string): number | undefined => {
  const parts = text.split('.');
  const valid = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return valid ? parseAddress(text) : undefined;
};

/** The range of an address or a network; undefined for text that is neither. */
export const readRange = (text: string): Range | undefined => {
  const [address = '', length = '32', ...more] = text.split('/');
  const valid = more.length === 0 && /^\d{1,2}$/.test(length) && Number(length) <= 32;
  return valid && readAddress(address) !== undefined ? parseNetwork(text) : undefined;
};

/** Whether a text is an address in the range. */
export const hasAddress = ({ first, last }: Range, text: string): boolean => {
  const address = readAddress(text);
  return address !== undefined && first <= address && address <= last;
};

export const formatAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

export const formatNetwork = (range: Range): string =>
  `${formatAddress(range.first)}/${32 - Math.log2(range.last - range.first + 1)}`;

export const overlaps = (left: Range, right: Range): boolean => left.first <= right.last && right.first <= left.last;

export const contains = (outer: Range, inner: Range): boolean => outer.first <= inner.first && inner.last <= outer.last;
