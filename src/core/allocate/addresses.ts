import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { TaskAddress } from '../../model/task.ts';
import { formatAddress, parseAddress, parseNetwork } from '../../model/ipv4.ts';
import type { Range } from '../../model/ipv4.ts';
import { parseNetwork6 } from '../../model/ipv6.ts';
import type { Range6 } from '../../model/ipv6.ts';
import { checkAddress6, hold, letGo, reservedNumbers } from './addresses6.ts';
import type { AskedAddresses6 } from './addresses6.ts';
import type { Allocation } from './subnet.ts';

/** A task, or a container that is none's: the id of its row. */
export type OwnerId = string;

/** The addresses of one network. */
interface NetworkAddresses {
  readonly name: string;
  readonly subnet: Range;
  readonly range: Range;
  readonly reserved: ReadonlySet<number>;
  readonly sixth: AskedAddresses6 | undefined;
  readonly owners: Map<number, OwnerId>;
  /**
   * Who else has an address: the task that its owner took it over from, or one whose end the manager before saw, and gave
   * its address away, but this one did not. It is free once all of them have given it back.
   */
  readonly sharers: Map<number, readonly OwnerId[]>;
  /** Where to look next: a freed address is used again as late as possible. */
  cursor: number;
  /** The network is gone, but not every task that has an address on it. */
  removed: boolean;
}

/**
 * Which task or container has which address. Kept up from rows as they change, so that giving an address costs the same
 * in a network of ten and of ten thousand; rebuilt from all rows at the start. What is picked counts as taken at once: `release` it
 * when the commit fails.
 */
export class AddressBook {
  readonly #networks = new Map<string, NetworkAddresses>();
  readonly #held = new Map<string, readonly TaskAddress[]>();

  setNetwork(network: Network): void {
    if (network.subnet === undefined) return;
    const subnet = parseNetwork(network.subnet);
    const known = this.#networks.get(network.id);
    if (known !== undefined && known.subnet.first === subnet.first && known.subnet.last === subnet.last) return;
    const range = network.ipRange === undefined ? subnet : parseNetwork(network.ipRange);
    const auxiliary = (network.spec.ipam?.configs ?? []).flatMap((config) =>
      Object.values(config.auxiliaryAddresses ?? {}),
    );
    const gateway = network.gateway === undefined ? subnet.first + 1 : parseAddress(network.gateway);
    const reserved = new Set([
      subnet.first,
      subnet.last,
      gateway,
      ...auxiliary.map(parseAddress),
      ...reservedNumbers(network),
    ]);
    const { ipv6 } = network;
    const sixth = ipv6 === undefined ? undefined : { ipv4Subnet: network.subnet, ipv6, owners: new Map() };
    const { owners, sharers } = known ?? { owners: new Map<number, OwnerId>(), sharers: new Map<number, OwnerId[]>() };
    const { name } = network.spec;
    const cursor = range.first;
    this.#networks.set(network.id, { name, subnet, range, reserved, sixth, owners, sharers, cursor, removed: false });
  }

  removeNetwork(networkId: string): void {
    const known = this.#networks.get(networkId);
    if (known === undefined) return;
    known.removed = true;
    this.#forgetEmpty(networkId, known);
  }

  /** What tasks of removed networks still hold: no new subnet may have it. */
  lingering(): readonly Range[] {
    const ranges: Range[] = [];
    for (const known of this.#networks.values()) if (known.removed) ranges.push(known.subnet);
    return ranges;
  }

  /** The same of IPv6. */
  lingering6(): readonly Range6[] {
    return [...this.#networks.values()].flatMap(({ removed, sixth }) =>
      removed && sixth !== undefined ? [parseNetwork6(sixth.ipv6.subnet)] : [],
    );
  }

  /** The owner has these addresses. A successor takes over those of its predecessor. */
  note(ownerId: OwnerId, addresses: readonly TaskAddress[]): void {
    this.#held.set(ownerId, addresses);
    for (const { networkId, address, address6 } of addresses) {
      const value = parseAddress(address);
      const { owners, sharers, sixth } = this.#network(networkId, value);
      if (address6 !== undefined) hold(sixth, address6, ownerId);
      const before = owners.get(value);
      if (before === ownerId) continue;
      if (before !== undefined) sharers.set(value, [...(sharers.get(value) ?? []), before]);
      owners.set(value, ownerId);
    }
  }

  /** The owner has no addresses any more. True when that made room. */
  release(ownerId: OwnerId): boolean {
    const addresses = this.#held.get(ownerId) ?? [];
    this.#held.delete(ownerId);
    let freed = false;
    for (const { networkId, address, address6 } of addresses) {
      const known = this.#networks.get(networkId);
      if (address6 !== undefined && known?.sixth !== undefined) letGo(known.sixth, address6, ownerId);
      if (known === undefined || !giveBack(known, parseAddress(address), ownerId)) continue;
      this.#forgetEmpty(networkId, known);
      freed = true;
    }
    return freed;
  }

  /** As `note`, of an owner that may have had others, which it gives back. True when that made room. */
  replace(ownerId: OwnerId, addresses: readonly TaskAddress[]): boolean {
    const freed = this.release(ownerId);
    if (addresses.length > 0) this.note(ownerId, addresses);
    return freed;
  }

  holds(ownerId: string): boolean {
    return this.#held.has(ownerId);
  }

  ownerOf(networkId: string, address: string): OwnerId | undefined {
    return this.#networks.get(networkId)?.owners.get(parseAddress(address));
  }

  /** An address that nobody has. Call `note` with all that a task got. */
  pick(networkId: NetworkId): Allocation<string> {
    const known = this.#networks.get(networkId);
    if (known === undefined) return { kind: 'refused', reason: `network ${networkId} has no subnet` };
    const { range, reserved, owners } = known;
    const size = range.last - range.first + 1;
    for (let step = 0; step < size && owners.size < size; step += 1) {
      const candidate = known.cursor;
      known.cursor = candidate >= range.last ? range.first : candidate + 1;
      if (reserved.has(candidate) || owners.has(candidate)) continue;
      return { kind: 'allocated', value: formatAddress(candidate) };
    }
    return { kind: 'refused', reason: `network ${known.name} has no free address: all ${owners.size} are in use` };
  }

  /** Whether the address can be given to a task of the network at all. */
  check(networkId: NetworkId, address: string): Allocation<string> {
    const known = this.#networks.get(networkId);
    if (known === undefined) return { kind: 'refused', reason: `network ${networkId} has no subnet` };
    const value = parseAddress(address);
    if (value < known.subnet.first || value > known.subnet.last) {
      const reason = `Invalid address ${address}: It does not belong to any of this network's subnets`;
      return { kind: 'refused', reason: `${reason} (network ${known.name})` };
    }
    if (known.reserved.has(value)) return { kind: 'refused', reason: `Address already in use: ${address}` };
    return { kind: 'allocated', value: address };
  }

  /**
   * Whether the IPv6 address, in its canonical form, can be given beside `address`, or beside whatever belongs to it: then
   * the value is that; without one it is `address`. `mayShare`: whether its present owner is no obstacle.
   */
  check6(
    networkId: NetworkId,
    { address, address6 }: { readonly address: string | undefined; readonly address6: string | undefined },
    mayShare: (owner: OwnerId) => boolean,
  ): Allocation<string | undefined> {
    if (address6 === undefined) return { kind: 'allocated', value: address };
    const known = this.#networks.get(networkId);
    const name = known?.name ?? networkId;
    if (known?.sixth === undefined) return { kind: 'refused', reason: `network ${name} has no IPv6 subnet` };
    return checkAddress6(known.sixth, name, { address, address6 }, mayShare);
  }

  /** The network, or the one address of a network that is not known any more. */
  #network(networkId: string, address: number): NetworkAddresses {
    const known = this.#networks.get(networkId);
    if (known !== undefined) return known;
    const range = { first: address, last: address };
    const made = {
      name: networkId,
      subnet: range,
      range,
      reserved: new Set<number>(),
      sixth: undefined,
      owners: new Map(),
      sharers: new Map(),
      cursor: address,
      removed: true,
    };
    this.#networks.set(networkId, made);
    return made;
  }

  #forgetEmpty(networkId: string, known: NetworkAddresses): void {
    if (known.removed && known.owners.size === 0) this.#networks.delete(networkId);
  }
}

/** True when nobody has the address any more. */
const giveBack = ({ owners, sharers }: NetworkAddresses, address: number, ownerId: OwnerId): boolean => {
  const owner = owners.get(address);
  const others = (sharers.get(address) ?? []).filter((id) => id !== ownerId);
  const heir = owner === ownerId ? others.pop() : owner;
  if (others.length === 0) sharers.delete(address);
  else sharers.set(address, others);
  if (heir !== undefined) owners.set(address, heir);
  else owners.delete(address);
  return owner === ownerId && heir === undefined;
};
