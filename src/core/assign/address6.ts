import { address6On } from '../../model/network-address.ts';
import type { AddressPair } from '../../model/network-address.ts';
import type { Network } from '../../model/network.ts';

/** Undefined for a network that is gone. */
export type FindNetwork = (id: string) => Network | undefined;

/** The field for assignments. */
export const sixthOf = (network: Network | undefined, pair: AddressPair): { readonly address6?: string } => {
  const address6 = network === undefined ? undefined : address6On(network, pair);
  return address6 === undefined ? {} : { address6 };
};
