import { sixthAddress } from './ipv6.ts';
import type { Network } from './network.ts';

/** An address on a network, with the IPv6 one that was asked for, if any. */
export interface AddressPair {
  readonly address: string;
  readonly address6?: string | undefined;
}

/** The IPv6 address that goes with it; undefined where the network has no IPv6. */
export const address6On = (
  { subnet, ipv6 }: Pick<Network, 'subnet' | 'ipv6'>,
  { address, address6 }: AddressPair,
): string | undefined => {
  if (subnet === undefined || subnet === '' || ipv6 === undefined) return undefined;
  return address6 ?? sixthAddress(subnet, ipv6, address);
};

/** The addresses on a network with their prefix lengths, as Docker shows them: IPv4, then IPv6 where there is one. */
export const withPrefixes = (network: Network | undefined, pair: AddressPair): readonly string[] => {
  const sixth = network === undefined ? undefined : address6On(network, pair);
  const fourth = `${pair.address}/${network?.subnet?.split('/')[1] ?? '32'}`;
  return sixth === undefined ? [fourth] : [fourth, `${sixth}/${network?.ipv6?.subnet.split('/')[1]}`];
};
