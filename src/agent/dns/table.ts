import { addressNumber, contains, inOrder, range } from '../network/ipv4.ts';
import type { Range } from '../network/ipv4.ts';
import type { EndpointRow, NetworkRow, Row, Rows } from './row.ts';

/** The names of one network. All keys are in lower case. */
export interface NetworkNames {
  readonly id: string;
  readonly name: string;
  readonly range: Range;
  readonly internal: boolean;
  /** Name → addresses of the ready tasks that have it; empty where none is ready. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Address → the name of its task. */
  readonly owners: ReadonlyMap<string, string>;
}

/** Who asks: what it may see, and where its other questions go. */
export interface Client {
  readonly networks: readonly NetworkNames[];
  /** False where all its networks are internal: then names of the world outside are none of its business. */
  readonly mayForward: boolean;
  /** Resolvers that the task itself asked for; empty: the node's. */
  readonly nameservers: readonly string[];
  /** What it alone calls others → their names. In lower case. */
  readonly links: ReadonlyMap<string, string>;
}

/** Everything that the resolver answers from; made whole from the rows. */
export interface NameTable {
  readonly networks: readonly NetworkNames[];
  /** Undefined for an address that is on none of our networks. */
  client(address: string): Client | undefined;
}

/** The rows of one kind. */
function ofKind<Kind extends Row['kind']>(rows: Rows, kind: Kind): Extract<Row, { kind: Kind }>[] {
  const found: Extract<Row, { kind: Kind }>[] = [];
  for (const row of rows.values()) if (row.kind === kind) found.push(row as Extract<Row, { kind: Kind }>);
  return found;
}

/** Addresses that the resolver is asked at. */
export const gatewaysOf = (rows: Rows): ReadonlySet<string> =>
  new Set(ofKind(rows, 'network').map(({ gateway }) => gateway));

export function nameTable(rows: Rows): NameTable {
  const endpoints = ofKind(rows, 'endpoint');
  const byNetwork = Map.groupBy(endpoints, ({ networkId }) => networkId);
  const networks = new Map<string, NetworkNames>();
  for (const network of ofKind(rows, 'network')) {
    const names = networkNames(network, byNetwork.get(network.id) ?? []);
    if (names !== undefined) networks.set(network.id, names);
  }
  const networksOfTask = Map.groupBy(endpoints, ({ taskId }) => taskId);
  const taskOf = new Map(endpoints.map(({ address, taskId }) => [address, taskId]));
  const nameserversOf = new Map(ofKind(rows, 'servers').map(({ id, servers }) => [id, servers]));
  const clients = new Map<string, Client | undefined>();

  const find = (address: string): Client | undefined => {
    const taskId = taskOf.get(address);
    const places = (taskId === undefined ? undefined : networksOfTask.get(taskId)) ?? [];
    const ids = places.map(({ networkId }) => networkId);
    const known = ids.flatMap((id) => networks.get(id) ?? []);
    // A container that is no task's: it is on the network that its address is of.
    const own = known.length > 0 ? known : [...networks.values()].filter((each) => isIn(address, each.range));
    if (own.length === 0) return undefined;
    return {
      networks: own,
      mayForward: own.some(({ internal }) => !internal),
      nameservers: (taskId === undefined ? undefined : nameserversOf.get(taskId)) ?? [],
      links: new Map(places.flatMap(({ links = [] }) => links.map(linked))),
    };
  };

  return {
    networks: [...networks.values()],
    client(address) {
      if (!clients.has(address)) {
        // Source addresses are what others write: only so many are remembered.
        if (clients.size >= 10_000) clients.clear();
        clients.set(address, find(address));
      }
      return clients.get(address);
    },
  };
}

/** `container:alias` → its alias and name; a whole id is known by its beginning. */
const linked = (link: string): readonly [string, string] => {
  const mark = link.lastIndexOf(':');
  const name = link.slice(0, mark < 0 ? undefined : mark).toLowerCase();
  const alias = link.slice(mark + 1).toLowerCase();
  return [alias, /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name];
};

const isIn = (address: string, network: Range): boolean => {
  const number = addressNumber(address);
  return number !== undefined && contains(network, { first: number, last: number });
};

function networkNames(network: NetworkRow, endpoints: readonly EndpointRow[]): NetworkNames | undefined {
  const subnet = range(network.subnet);
  if (subnet === undefined) return undefined;
  const addresses = new Map<string, string[]>();
  const owners = new Map<string, string>();
  for (const { names, taskNames, taskId, address, ready } of endpoints) {
    for (const name of [...names, ...taskNames]) {
      const key = name.toLowerCase();
      const found = addresses.get(key) ?? [];
      if (ready) found.push(address);
      addresses.set(key, found);
    }
    const owner = taskNames.find((name) => name.endsWith(taskId)) ?? taskNames[0] ?? names[0];
    if (owner !== undefined && (ready || !owners.has(address))) owners.set(address, owner);
  }
  for (const [name, found] of addresses) addresses.set(name, inOrder(found));
  return {
    id: network.id,
    name: network.name.toLowerCase(),
    range: subnet,
    internal: network.internal,
    addresses,
    owners,
  };
}
