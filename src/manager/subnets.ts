import type { AddressBook } from '../core/allocate/addresses.ts';
import { allocateSubnet } from '../core/allocate/subnet.ts';
import type { Allocation, Subnet } from '../core/allocate/subnet.ts';
import { allocateSubnet6 } from '../core/allocate/subnet6.ts';
import { clusterNetwork6, overlayNetwork6 } from '../model/cluster-ipv6.ts';
import { parseNetwork } from '../model/ipv4.ts';
import { parseNetwork6 } from '../model/ipv6.ts';
import type { Subnet6 } from '../model/ipv6.ts';
import type { NetworkSpec } from '../model/network.ts';
import type { View } from '../store/store.ts';

/** The subnets of a network in force: of IPv6, where it was asked for. */
export type NetworkSubnets = Subnet & { readonly ipv6?: Subnet6 };

/** Subnets for a new network, out of the state that `view` shows. */
export const giveSubnet = (view: View, book: AddressBook, spec: NetworkSpec): Allocation<NetworkSubnets> => {
  const [cluster] = view.list('cluster');
  const [config, ...more] = spec.ipam?.configs ?? [];
  const [config6, ...more6] = spec.ipam?.ipv6Configs ?? [];
  if (more.length + more6.length > 0) {
    return { kind: 'refused', reason: 'a network has one subnet of each family here: give one' };
  }
  const given = allocateSubnet(config ?? {}, {
    pools: cluster?.spec.addressPools ?? [],
    prefix: cluster?.spec.subnetPrefix ?? 24,
    taken: takenRanges(view, book),
  });
  if (given.kind === 'refused' || spec.ipv6 !== true) return given;
  const clusterId = cluster?.id ?? '';
  const sixth = allocateSubnet6(config6 ?? {}, {
    pool: clusterNetwork6(clusterId),
    ipv4Subnet: given.value.subnet,
    taken: takenRanges6(view, book, clusterId),
  });
  return sixth.kind === 'refused' ? sixth : { kind: 'allocated', value: { ...given.value, ipv6: sixth.value } };
};

const removed = 'a removed network that still has tasks';

const takenRanges = (view: View, book: AddressBook) => {
  const taken = book.lingering().map((range) => ({ ...range, owner: removed }));
  for (const { spec, subnet } of view.list('network')) {
    if (subnet !== undefined) taken.push({ ...parseNetwork(subnet), owner: `${subnet} of network ${spec.name}` });
  }
  for (const { spec } of view.list('cluster')) {
    taken.push({ ...parseNetwork(spec.overlayPool), owner: `the overlay pool ${spec.overlayPool}` });
  }
  return taken;
};

const takenRanges6 = (view: View, book: AddressBook, clusterId: string) => {
  const taken = book.lingering6().map((range) => ({ ...range, owner: removed }));
  for (const { spec, ipv6 } of view.list('network')) {
    if (ipv6 === undefined) continue;
    taken.push({ ...parseNetwork6(ipv6.subnet), owner: `${ipv6.subnet} of network ${spec.name}` });
  }
  return [...taken, { ...overlayNetwork6(clusterId), owner: "the nodes' ends of the overlay" }];
};
