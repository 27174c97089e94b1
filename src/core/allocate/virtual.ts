import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { Service, VirtualIp } from '../../model/service.ts';
import type { AddressBook } from './addresses.ts';

/** The networks on which a service is to have an address of its own. */
export const virtualNetworks = (
  { spec }: Pick<Service, 'spec'>,
  network: (id: string) => Network | undefined,
): readonly NetworkId[] => {
  if (spec.endpoint?.mode === 'dnsrr') return [];
  const ids = new Set((spec.task.networks ?? []).map(({ networkId }) => networkId));
  return [...ids].filter((id) => network(id)?.subnet !== undefined);
};

/**
 * The virtual addresses of a service: those that it has on networks that it is still on, and a new one for each other,
 * where there is room. A service without one is found by its tasks' addresses, so that it lacks nothing but the balance.
 * What is picked is noted in the book beside what the service had: what it has no more is free when that is committed.
 */
export const allocateVirtualIps = (
  service: Pick<Service, 'id' | 'spec' | 'virtualIps'>,
  book: AddressBook,
  network: (id: string) => Network | undefined,
): readonly VirtualIp[] => {
  const had = service.virtualIps ?? [];
  const given = virtualNetworks(service, network).flatMap((networkId): readonly VirtualIp[] => {
    const kept = had.find((one) => one.networkId === networkId);
    if (kept !== undefined) return [kept];
    const picked = book.pick(networkId);
    return picked.kind === 'allocated' ? [{ networkId, address: picked.value }] : [];
  });
  const all = [...had, ...given.filter((one) => !had.includes(one))];
  if (all.length > 0) book.replace(service.id, all);
  return given;
};
