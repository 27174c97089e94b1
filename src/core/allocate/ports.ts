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

/** A port that no service can have on any node, and whose it is: `the managers' own`. */
export interface ReservedPort {
  readonly protocol: PublishedPort['protocol'];
  readonly port: number;
  readonly owner: string;
}

/** Ports that nobody asked for by number are out of this range, as in Swarm. */
export const firstDynamicPort = 30_000;
export const lastDynamicPort = 32_767;

const key = (protocol: string, port: number): string => `${protocol}/${port}`;

/**
 * The ports of a service with the open ones chosen. A port published on every node (ingress) has one owner in the
 * cluster; host ports of different services may be the same, as long as no ingress port is.
 *
 * @param previous what the service has now: a port that is not asked for by number stays as it was chosen
 * @param reserved what the cluster itself listens on: neither ingress nor host ports may be there
 */
export const allocatePorts = (
  wanted: readonly PublishedPort[],
  others: Iterable<PortOwner>,
  previous: readonly PublishedPort[] = [],
  reserved: readonly ReservedPort[] = [],
): Allocation<readonly GivenPort[]> => {
  const taken = new Map<string, { readonly by: string; readonly mode: string }>();
  for (const owner of others) {
    for (const port of owner.ports) {
      if (port.published === undefined) continue;
      const slot = key(port.protocol, port.published);
      if (taken.get(slot)?.mode !== 'ingress')
        taken.set(slot, { by: `already in use by ${owner.kind ?? 'service'} ${owner.name}`, mode: port.mode });
    }
  }
  for (const { protocol, port, owner } of reserved) taken.set(key(protocol, port), { by: owner, mode: 'ingress' });
  const own = new Set<string>();
  const given: GivenPort[] = [];
  for (const port of wanted) {
    if (port.published === undefined) continue;
    const slot = key(port.protocol, port.published);
    const owner = taken.get(slot);
    if (owner !== undefined && (owner.mode === 'ingress' || port.mode === 'ingress')) {
      return refused(`port ${port.published}/${port.protocol} is ${owner.by}`);
    }
    if (own.has(slot)) return refused(`port ${port.published}/${port.protocol} is published twice`);
    own.add(slot);
    given.push({ ...port, published: port.published });
  }
  for (const port of wanted) {
    // The engine of each node chooses for host mode.
    if (port.published !== undefined || port.mode === 'host') continue;
    const free = keep(port, previous, own, taken) ?? choose(port, own, taken);
    if (free === undefined) return refused(`no port between ${firstDynamicPort} and ${lastDynamicPort} is free`);
    own.add(key(port.protocol, free));
    given.push({ ...port, published: free });
  }
  return { kind: 'allocated', value: given };
};

const keep = (
  port: PublishedPort,
  previous: readonly PublishedPort[],
  own: ReadonlySet<string>,
  taken: ReadonlyMap<string, unknown>,
): number | undefined =>
  previous.find(
    ({ protocol, target, mode, published }) =>
      protocol === port.protocol &&
      target === port.target &&
      mode === port.mode &&
      published !== undefined &&
      isFree(key(protocol, published), own, taken),
  )?.published;

const choose = (
  { protocol }: PublishedPort,
  own: ReadonlySet<string>,
  taken: ReadonlyMap<string, unknown>,
): number | undefined => {
  for (let port = firstDynamicPort; port <= lastDynamicPort; port += 1) {
    if (isFree(key(protocol, port), own, taken)) return port;
  }
  return undefined;
};

const isFree = (slot: string, own: ReadonlySet<string>, taken: ReadonlyMap<string, unknown>): boolean =>
  !own.has(slot) && !taken.has(slot);

const refused = (reason: string): { readonly kind: 'refused'; readonly reason: string } => ({
  kind: 'refused',
  reason,
});
