import { addressesMeet } from '../../model/host-port.ts';
import type { PublishedPort } from '../../model/service.ts';
import type { Allocation } from './subnet.ts';

/** A port as it is in force. */
export type GivenPort = PublishedPort & { readonly published: number };

/** A service and its ports in force; or a container, whose ports are its node's own. */
export interface PortOwner {
  readonly id: string;
  readonly name: string;
  readonly kind?: 'service' | 'container';
  readonly ports: readonly PublishedPort[];
}

/** A port that somebody else than a service has, and in words whose it is: `the managers' own`. */
export interface ReservedPort {
  readonly protocol: PublishedPort['protocol'];
  readonly port: number;
  /** Absent: at all addresses. */
  readonly address?: string;
  readonly owner: string;
  /** `host`: on a node of it alone, so that another node may still have it for itself. Absent: on all. */
  readonly mode?: PublishedPort['mode'];
}

/** Ports that nobody asked for by number are out of this range, as in Swarm. */
export const firstDynamicPort = 30_000;
export const lastDynamicPort = 32_767;
const dynamic = { first: firstDynamicPort, last: lastDynamicPort };

/**
 * The ports of a service with the open ones chosen. A port published on every node (ingress) has one owner in the
 * cluster at each address; host ports of different services may be the same, as long as no ingress port is.
 *
 * @param previous what the service has now: a port that is not asked for by number stays as it was chosen
 * @param reserved what neither ingress nor, unless it is one node's alone, host ports may be
 */
export const allocatePorts = (
  wanted: readonly PublishedPort[],
  others: Iterable<PortOwner>,
  previous: readonly PublishedPort[] = [],
  reserved: readonly ReservedPort[] = [],
): Allocation<readonly GivenPort[]> => {
  const taken = new Holders();
  for (const { kind = 'service', name, ports } of others) {
    for (const { protocol, published, hostAddress: address, mode } of ports) {
      if (published === undefined) continue;
      taken.add(protocol, published, { address, by: `already in use by ${kind} ${name}`, mode });
    }
  }
  for (const { protocol, port, address, owner, mode = 'ingress' } of reserved)
    taken.add(protocol, port, { address, by: owner, mode });
  const given: GivenPort[] = [];
  const give = ({ range: _chosen, ...port }: PublishedPort, published: number): void => {
    taken.add(port.protocol, published, { address: port.hostAddress, by: 'published twice', mode: 'ingress' });
    given.push({ ...port, published });
  };
  // Those asked for by number come first, then those with the smaller choice.
  for (const port of wanted) {
    if (port.published === undefined) continue;
    const holder = taken.of(port, port.published);
    if (holder !== undefined) return refused(`port ${textOf(port, port.published)} is ${holder.by}`);
    give(port, port.published);
  }
  // The engine of each node chooses for host mode.
  const open = wanted.filter(({ published, mode }) => published === undefined && mode === 'ingress');
  for (const port of [...open.filter(({ range }) => range), ...open.filter(({ range }) => !range)]) {
    const free = keep(port, previous, taken) ?? choose(port, taken);
    if (free === undefined) return refused(noneFree(port, taken));
    give(port, free);
  }
  return { kind: 'allocated', value: given };
};

interface Holder {
  readonly address: string | undefined;
  readonly by: string;
  readonly mode: PublishedPort['mode'];
}

/** Who has which port. */
class Holders {
  readonly #all = new Map<string, Holder[]>();

  add(protocol: string, port: number, holder: Holder): void {
    const slot = `${protocol}/${port}`;
    const holders = this.#all.get(slot);
    if (holders === undefined) this.#all.set(slot, [holder]);
    else holders.push(holder);
  }

  /** Who keeps the port from being given there. */
  of({ protocol, hostAddress = '', mode }: PublishedPort, port: number): Holder | undefined {
    return this.#all
      .get(`${protocol}/${port}`)
      ?.find(
        (holder) =>
          (holder.mode === 'ingress' || mode === 'ingress') && addressesMeet(holder.address ?? '', hostAddress),
      );
  }
}

const keep = (port: PublishedPort, previous: readonly PublishedPort[], taken: Holders): number | undefined => {
  const { first, last } = port.range ?? { first: 1, last: 65_535 };
  return previous.find(
    ({ protocol, target, mode, hostAddress, published }) =>
      protocol === port.protocol &&
      target === port.target &&
      mode === port.mode &&
      hostAddress === port.hostAddress &&
      published !== undefined &&
      published >= first &&
      published <= last &&
      taken.of(port, published) === undefined,
  )?.published;
};

const choose = (port: PublishedPort, taken: Holders): number | undefined => {
  const { first, last } = port.range ?? dynamic;
  for (let number = first; number <= last; number += 1) if (taken.of(port, number) === undefined) return number;
  return undefined;
};

const noneFree = (port: PublishedPort, taken: Holders): string => {
  const { first, last } = port.range ?? dynamic;
  const none = `no port between ${first} and ${last} is free`;
  if (port.range === undefined) return none;
  return `${none}: ${textOf(port, first)} is ${taken.of(port, first)?.by ?? 'taken'}`;
};

/** `8080/tcp`, `192.0.2.1:8080/tcp`. */
const textOf = ({ protocol, hostAddress = '' }: PublishedPort, port: number): string => {
  const before = hostAddress === '' ? '' : hostAddress.includes(':') ? `[${hostAddress}]:` : `${hostAddress}:`;
  return `${before}${port}/${protocol}`;
};

const refused = (reason: string): { readonly kind: 'refused'; readonly reason: string } => ({
  kind: 'refused',
  reason,
});
