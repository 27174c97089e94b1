import type { OverlayEndpoint } from '../../model/node.ts';
import { formatAddress, parseAddress, parseNetwork } from '../../model/ipv4.ts';
import type { Allocation } from './subnet.ts';

/**
 * The lowest free address of the pool for a node's end of the overlay, and a MAC address made of it (locally
 * administered, unique as the address is).
 */
export const allocateOverlayEndpoint = (pool: string, taken: Iterable<string>): Allocation<OverlayEndpoint> => {
  const { first, last } = parseNetwork(pool);
  const used = new Set([...taken].map(parseAddress));
  for (let candidate = first + 1; candidate < last; candidate += 1) {
    if (used.has(candidate)) continue;
    const address = formatAddress(candidate);
    return { kind: 'allocated', value: { address, mac: macOf(address) } };
  }
  return { kind: 'refused', reason: `no address is left in the overlay pool ${pool}` };
};

const macOf = (address: string): string =>
  ['02', '54', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
