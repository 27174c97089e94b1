import { addressBytes } from '../../address.ts';
import { isWithin } from '../address.ts';
import type { NetworkNames } from './names.ts';
import type { EndpointRow } from '../row.ts';
import type { RowIndex } from './row-index.ts';

/** What somebody who asks may see, and where its other questions go. */
export interface Sight {
  readonly networks: readonly NetworkNames[];
  /** False where all its networks are internal: then names of the world outside are none of its business. */
  readonly mayForward: boolean;
  /** Resolvers that the task itself asked for; empty: the node's. */
  readonly nameservers: readonly string[];
  /** What it alone calls others, in lower case → their names, each on the network that the link was made on. */
  readonly links: ReadonlyMap<string, readonly Link[]>;
}

export interface Link {
  readonly name: string;
  readonly network: NetworkNames;
}

/**
 * What the client at an address sees. Undefined for an address that is on none of our networks, or that asks at the gateway of a
 * network that it is not on.
 */
export function sightOf(rows: RowIndex, address: string, gateway: string | undefined): Sight | undefined {
  const bytes = addressBytes(address);
  const all = [...rows.networks()];
  const around = bytes === undefined ? [] : all.filter(({ subnets }) => subnets.some((one) => isWithin(bytes, one)));
  if (gateway !== undefined && !around.some(({ row }) => row?.gateway === gateway)) return undefined;
  const owners = rows.at(address);
  const { taskId } = owners.find(({ ready }) => ready) ?? owners[0] ?? {};
  const places = taskId === undefined ? [] : rows.endpointsOf(taskId);
  const on = new Set(places.map(({ networkId }) => networkId));
  const known = all.filter(({ row }) => on.has(row?.id ?? ''));
  // A container that is no task's: it is on the network that its address is of.
  const networks = known.length > 0 ? known : around;
  if (networks.length === 0) return undefined;
  return {
    networks,
    mayForward: networks.some(({ row }) => row?.internal === false),
    nameservers: taskId === undefined ? [] : rows.serversOf(taskId),
    links: linksOf(places, networks),
  };
}

const linksOf = (
  places: readonly EndpointRow[],
  seen: readonly NetworkNames[],
): ReadonlyMap<string, readonly Link[]> => {
  const made = new Map<string, Link[]>();
  for (const { networkId, links = [] } of places) {
    const network = seen.find(({ row }) => row?.id === networkId);
    if (network === undefined) continue;
    for (const [alias, name] of links.map(linked)) made.set(alias, [...(made.get(alias) ?? []), { name, network }]);
  }
  return made;
};

/** `container:alias` → its alias and name; a whole id is known by its beginning. */
const linked = (link: string): readonly [string, string] => {
  const mark = link.lastIndexOf(':');
  const name = link.slice(0, mark < 0 ? undefined : mark).toLowerCase();
  const alias = link.slice(mark + 1).toLowerCase();
  return [alias, /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name];
};
