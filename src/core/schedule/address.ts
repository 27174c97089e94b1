import { hasAddress, readRange } from '../../model/ipv4.ts';

/** Tests addresses against an IPv4 address or network (`10.0.0.0/8`), or any other address as text. */
export const addressTest = (wanted: string): ((address: string) => boolean) => {
  const range = readRange(wanted);
  if (range === undefined) return (address) => address.toLowerCase() === wanted.toLowerCase();
  return (address) => hasAddress(range, address);
};
