import { isIPv4, isIPv6 } from 'node:net';
import { parseAddress6 } from '../model/ipv6.ts';

/** The bytes of an address, four or sixteen; undefined for text that is none. No zones. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  return Buffer.from(parseAddress6(text).toString(16).padStart(32, '0'), 'hex');
}

/** The distinct addresses in the order of their bytes, which is the same on every node. */
export const inOrder = (addresses: readonly string[]): readonly string[] =>
  [...new Set(addresses)]
    .map((address) => ({ address, key: Buffer.from(addressBytes(address) ?? []).toString('latin1') }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ address }) => address);
