import { addressBytes } from '../address.ts';
import { isWithin } from './address.ts';
import { byId, createNetwork, into, outOf } from './names.ts';
import type { NetworkKeeper, NetworkNames } from './names.ts';
import { createReplies } from './replies.ts';
import type { Replies } from './replies.ts';
import { rowKey } from './row.ts';
import type { EndpointRow, Row, RowChange } from './row.ts';

/** Who asks: what it may see, and where its other questions go. */
export interface Client {
  readonly networks: readonly NetworkNames[];
  /** False where all its networks are internal: then names of the world outside are none of its business. */
  readonly mayForward: boolean;
  /** Resolvers that the task itself asked for; empty: the node's. */
  readonly nameservers: readonly string[];
  /** What it alone calls others, in lower case → their names, each on the network that the link was made on. */
  readonly links: ReadonlyMap<string, readonly Link[]>;
  /** What those who see the same were answered. */
  readonly replies: Replies;
}

export interface Link {
  readonly name: string;
  readonly network: NetworkNames;
}

/** Everything that the resolver answers from. A change costs what it changes. */
export interface NameTable {
  apply(change: RowChange): void;
  /** Rows. */
  readonly size: () => number;
  /** Addresses that the resolver is asked at. */
  readonly gateways: () => ReadonlySet<string>;
  /** Undefined for an address that is on none of our networks, or that asks at the gateway of a network that it is not on. */
  client(address: string, gateway?: string): Client | undefined;
  /** Whether an address is in the subnet of any of our networks. */
  isOurs(address: Uint8Array): boolean;
}

/** Source addresses are what others write: only so many are remembered. */
const mostClients = 10_000;
const mostViews = 1_000;
/** Of all clients together. */
const mostReplies = 20_000;

export function createNameTable(): NameTable {
  const rows = new Map<string, Row>();
  const networks = new Map<string, NetworkKeeper>();
  /** Of endpoints: by the task that has them, by their address. */
  const ofTask = new Map<string, Set<EndpointRow>>();
  const ofAddress = new Map<string, Set<EndpointRow>>();
  const clients = new Map<string, Client | undefined>();
  /** Those who see the same share one. */
  const views = new Map<string, Replies>();
  let kept = 0;

  const network = (id: string): NetworkKeeper => {
    const found = networks.get(id) ?? createNetwork();
    networks.set(id, found);
    return found;
  };
  const prune = (id: string): void => {
    if (networks.get(id)?.isEmpty() === true) networks.delete(id);
  };
  const withdraw = (row: Row): void => {
    if (row.kind === 'network') network(row.id).setRow(undefined);
    if (row.kind === 'endpoint') {
      network(row.networkId).remove(row);
      outOf(ofTask, row.taskId, row);
      outOf(ofAddress, row.address, row);
    }
  };
  const add = (row: Row): void => {
    if (row.kind === 'network') network(row.id).setRow(row);
    if (row.kind === 'endpoint') {
      network(row.networkId).add(row);
      into(ofTask, row.taskId, row);
      into(ofAddress, row.address, row);
    }
  };
  const remove = (key: string): void => {
    const before = rows.get(key);
    if (before === undefined || !rows.delete(key)) return;
    withdraw(before);
    forget(before);
    if (before.kind !== 'servers') prune(before.kind === 'network' ? before.id : before.networkId);
  };
  const put = (row: Row): void => {
    const key = rowKey(row);
    const before = rows.get(key);
    rows.set(key, row);
    if (before !== undefined) withdraw(before);
    add(row);
    if (before === undefined || !seesTheSame(before, row)) forget(row);
  };
  /** A row with which somebody may see something else has come or gone. */
  const forget = (row: Row): void => {
    clients.clear();
    if (row.kind === 'network') views.clear();
  };

  const view = (seen: readonly NetworkNames[], mayForward: boolean, places: readonly EndpointRow[]): Replies => {
    const links = places.flatMap(({ networkId, links: made = [] }) => (made.length > 0 ? [[networkId, made]] : []));
    const key = JSON.stringify([seen.map(({ row }) => row?.id), mayForward, links]);
    let found = views.get(key);
    if (found === undefined) {
      if (views.size >= mostViews) {
        views.clear();
        clients.clear();
      }
      found = createReplies(() => seen.reduce((sum, { version }) => sum + version, 0), noted);
      views.set(key, found);
    }
    return found;
  };
  const noted = (): void => {
    kept += 1;
    if (kept <= mostReplies) return;
    kept = 0;
    for (const replies of views.values()) replies.clear();
  };

  const find = (address: string, gateway: string | undefined): Client | undefined => {
    const bytes = addressBytes(address);
    const all = [...networks.values()].map(({ names }) => names).filter(({ row }) => row !== undefined);
    const around = bytes === undefined ? [] : all.filter(({ subnets }) => subnets.some((one) => isWithin(bytes, one)));
    if (gateway !== undefined && !around.some(({ row }) => row?.gateway === gateway)) return undefined;
    const owners = byId(ofAddress.get(address));
    const { taskId } = owners.find(({ ready }) => ready) ?? owners[0] ?? {};
    const places = byId(taskId === undefined ? undefined : ofTask.get(taskId));
    const on = new Set(places.map(({ networkId }) => networkId));
    const known = all.filter(({ row }) => on.has(row?.id ?? ''));
    // A container that is no task's: it is on the network that its address is of.
    const seen = known.length > 0 ? known : around;
    if (seen.length === 0) return undefined;
    const mayForward = seen.some(({ row }) => row?.internal === false);
    const servers = rows.get(`servers:${taskId}`);
    return {
      networks: seen,
      mayForward,
      nameservers: servers?.kind === 'servers' ? servers.servers : [],
      links: linksOf(places, seen),
      replies: view(seen, mayForward, places),
    };
  };

  return {
    apply(change) {
      if (change.whole) {
        const kept = new Set<string>(change.put.map(rowKey));
        for (const key of rows.keys()) if (!kept.has(key)) remove(key);
      }
      for (const key of change.remove) remove(key);
      for (const row of change.put) put(row);
    },
    size: () => rows.size,
    gateways() {
      const found = new Set<string>();
      for (const { names } of networks.values()) if (names.row !== undefined) found.add(names.row.gateway);
      return found;
    },
    client(address, gateway) {
      const key = gateway === undefined ? address : `${address} ${gateway}`;
      const known = clients.get(key);
      if (known !== undefined || clients.has(key)) return known;
      if (clients.size >= mostClients) clients.clear();
      const found = find(address, gateway);
      clients.set(key, found);
      return found;
    },
    isOurs(address) {
      for (const { names } of networks.values()) {
        if (names.subnets.some((subnet) => isWithin(address, subnet))) return true;
      }
      return false;
    },
  };
}

/** Whether clients see the same with one row as with the other, apart from what their names lead to. */
const seesTheSame = (before: Row, after: Row): boolean =>
  before.kind === 'endpoint' &&
  after.kind === 'endpoint' &&
  before.networkId === after.networkId &&
  before.taskId === after.taskId &&
  before.address === after.address &&
  before.ready === after.ready &&
  before.links?.join() === after.links?.join();

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
