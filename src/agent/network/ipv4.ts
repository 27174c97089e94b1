/** An IPv4 network as numbers. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** `10.0.1.2` as a number; undefined when it is not an address. */
export function addressNumber(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let number = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part)) return undefined;
    const octet = Number(part);
    if (octet > 255) return undefined;
    number = number * 256 + octet;
  }
  return number;
}

/** `10.0.1.0/24` (or an address alone) as a range; undefined when it is neither. */
export function range(text: string): Range | undefined {
  const [address = '', prefix = '32'] = text.split('/');
  const number = addressNumber(address);
  const length = /^\d{1,2}$/.test(prefix) ? Number(prefix) : 33;
  if (number === undefined || length > 32) return undefined;
  const size = 2 ** (32 - length);
  const first = number - (number % size);
  return { first, last: first + size - 1 };
}

export const overlaps = (a: Range, b: Range): boolean => a.first <= b.last && b.first <= a.last;
export const contains = (whole: Range, part: Range): boolean => whole.first <= part.first && part.last <= whole.last;

/** The distinct addresses, in numeric order; those of IPv6 in that of their text, which is the same everywhere, too. */
export function inOrder(addresses: readonly string[]): string[] {
  return [...new Set(addresses)]
    .map((address) => ({ address, number: addressNumber(address) ?? 0 }))
    .sort((a, b) => a.number - b.number || (a.address < b.address ? -1 : 1))
    .map(({ address }) => address);
}
