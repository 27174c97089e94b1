import { addressBytes } from '../address.ts';

/** A subnet of either family. */
export interface Subnet {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** `10.128.0.0/20`, `fd00:1::/64`; undefined for text that is none. */
export function subnetOf(text: string): Subnet | undefined {
  const [address = '', length = ''] = text.split('/');
  const bytes = addressBytes(address);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return bytes === undefined || !(bits <= bytes.length * 8) ? undefined : { bytes, bits };
}

export function isWithin(address: Uint8Array, { bytes, bits }: Subnet): boolean {
  if (address.length !== bytes.length) return false;
  for (let at = 0; at * 8 < bits; at += 1) {
    const mask = bits - at * 8 >= 8 ? 0xff : 0xff << (8 - (bits - at * 8));
    if (((address[at] ?? 0) & mask) !== ((bytes[at] ?? 0) & mask)) return false;
  }
  return true;
}

/** `10.128.0.5` → `5.0.128.10.in-addr.arpa`; `fd00::1` → `1.0.….d.f.ip6.arpa`. */
export const reverseName = (address: Uint8Array): string =>
  address.length === 4
    ? `${[...address].toReversed().join('.')}.in-addr.arpa`
    : `${Buffer.from(address).toString('hex').split('').toReversed().join('.')}.ip6.arpa`;

/** The address that a name in lower case asks for; undefined where it is not of that kind, or not a whole one. */
export function reversedAddress(name: string): Uint8Array | undefined {
  const [, v4] = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(name) ?? [];
  if (v4 !== undefined) return addressBytes(v4.slice(0, -1).split('.').toReversed().join('.'));
  const [, v6] = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name) ?? [];
  return v6 === undefined ? undefined : Buffer.from(v6.replaceAll('.', '').split('').toReversed().join(''), 'hex');
}
