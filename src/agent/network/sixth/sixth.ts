import type {
  AssignedEndpoint,
  AssignedNetwork,
  AssignedPeer,
  AssignedPublish,
  AssignedSelf,
  AssignedVip,
} from '../../../model/assignment.ts';
import { serviceEndpoints, virtualServices } from '../balance.ts';
import type { BalanceMemory, VirtualService } from '../balance.ts';
import { isDual } from '../endpoints.ts';
import { hostPublications } from '../host-publish.ts';
import type { HostPublish } from '../host-publish.ts';
import type { NftTable, SixthRouting } from '../kernel-state.ts';
import { bridgeName } from '../names.ts';
import { paths } from '../routing/paths.ts';
import { publications } from '../publish.ts';
import type { Publication } from '../publish.ts';
import { ipTable } from '../ruleset.ts';
import { sixthTable } from './table.ts';

/** What there is of IPv6 beside its nftables table. */
export interface Sixth {
  readonly routing: SixthRouting;
  readonly services: readonly VirtualService[];
  readonly publications: readonly Publication[];
  /** Bridge → addresses that it answers for to its containers: all those of its network. */
  readonly proxies: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The assignments that IPv6 is worked out from. */
export interface SixthInputs {
  readonly self: AssignedSelf;
  readonly peers: readonly AssignedPeer[];
  readonly networks: readonly AssignedNetwork[];
  readonly endpoints: readonly AssignedEndpoint[];
  readonly vips: readonly AssignedVip[];
  readonly publishes: readonly AssignedPublish[];
  /** Ports of this node's own tasks alone. */
  readonly hosted: readonly HostPublish[];
}

export interface SixthState {
  readonly sixth: Sixth;
  readonly table: NftTable;
}

/** What the kernel should have of IPv6; undefined where no network of the node has it. */
export function sixthState(
  { self, peers, networks, endpoints, vips, publishes, hosted }: SixthInputs,
  memory: BalanceMemory,
): SixthState | undefined {
  const dual = networks.flatMap((network) => (isDual(network, self) ? [networkIn6(network)] : []));
  if (dual.length === 0) return undefined;
  const reached = peers.filter(({ overlayAddress6 }) => overlayAddress6 !== undefined);
  const held = endpoints.flatMap((endpoint) => in6(endpoint) ?? []);
  const find = serviceEndpoints(held, new Set([self.id, ...reached.map(({ id }) => id)]), memory);
  const virtual = vips.flatMap((vip) => in6(vip) ?? []);
  const services = virtualServices(virtual, find, self.id, memory);
  const open = new Set(dual.flatMap(({ id, internal }) => (internal ? [] : [id])));
  const nodes = new Map(reached.map(({ id, addresses6 = [] }) => [id, addresses6]));
  const published = [
    ...publications({ family: 'ip6', publishes, find, nodes, selfId: self.id }),
    ...hostPublications(
      hosted,
      held.filter(({ networkId }) => open.has(networkId)),
    ),
  ];
  const ends = new Map(reached.map(({ id, overlayAddress6 = '' }) => [id, overlayAddress6]));
  return {
    sixth: {
      routing: {
        address: self.overlayAddress6 ?? '',
        ...paths({ self, peers: reached, ends, endpoints: held, services, isSteered: publishes.length > 0 }),
      },
      services,
      publications: published,
      proxies: proxies(dual, [...held, ...virtual]),
    },
    table: sixthTable(ipTable({ own: self.addresses6 ?? [], networks: dual, peers: reached, published, services })),
  };
}

/** The network as if its IPv6 subnet were its only one. */
const networkIn6 = (network: AssignedNetwork): AssignedNetwork => ({ ...network, ...network.ipv6 });

const known = new WeakMap<object, { readonly address: string }>();

/** The endpoint or virtual address as if its IPv6 address were its only one; the same for the same. */
function in6<Item extends { readonly address: string; readonly address6?: string | undefined }>(
  item: Item,
): Item | undefined {
  if (item.address6 === undefined) return undefined;
  const made = known.get(item) ?? { ...item, address: item.address6 };
  known.set(item, made);
  return made as Item;
}

/**
 * IPv6 has no way to answer for a whole subnet, as `proxy_arp` does for IPv4: each bridge has to be told each address.
 */
function proxies(
  networks: readonly AssignedNetwork[],
  held: readonly { readonly networkId: string; readonly address: string }[],
): Map<string, Set<string>> {
  const found = new Map(networks.map(({ id }) => [id as string, new Set<string>()]));
  for (const { networkId, address } of held) found.get(networkId)?.add(address);
  return new Map([...found].map(([id, addresses]) => [bridgeName(id), addresses]));
}
