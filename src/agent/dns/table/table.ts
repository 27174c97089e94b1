import { isWithin } from '../address.ts';
import type { Replies } from '../replies.ts';
import { rowKey } from '../row.ts';
import type { Row, RowChange } from '../row.ts';
import { createRowIndex } from './row-index.ts';
import { createSharedReplies } from './shared-replies.ts';
import { sightOf } from './sight.ts';
import type { Sight } from './sight.ts';

/** Who asks. */
export interface Client extends Sight {
  /** What those who see the same were answered. */
  readonly replies: Replies;
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

export function createNameTable(): NameTable {
  const rows = createRowIndex();
  const clients = new Map<string, Client | undefined>();
  const replies = createSharedReplies(() => clients.clear());

  /** A row with which somebody may see something else has come or gone. */
  const forget = (row: Row): void => {
    clients.clear();
    if (row.kind === 'network') replies.clear();
  };
  const remove = (key: string): void => {
    const before = rows.remove(key);
    if (before !== undefined) forget(before);
  };
  const put = (row: Row): void => {
    const before = rows.put(row);
    if (before === undefined || !seesTheSame(before, row)) forget(row);
  };
  const find = (address: string, gateway: string | undefined): Client | undefined => {
    const sight = sightOf(rows, address, gateway);
    return sight && { ...sight, replies: replies.of(sight) };
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
    size: rows.size,
    gateways() {
      const found = new Set<string>();
      for (const { row } of rows.networks()) if (row !== undefined) found.add(row.gateway);
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
      for (const { subnets } of rows.networks()) if (subnets.some((subnet) => isWithin(address, subnet))) return true;
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
