import { byId, createNetwork, into, outOf } from './names.ts';
import type { NetworkKeeper, NetworkNames } from './names.ts';
import { rowKey } from '../row.ts';
import type { EndpointRow, Row } from '../row.ts';

/** The rows by what they are looked for by. A change costs what it changes. */
export interface RowIndex {
  readonly size: () => number;
  readonly keys: () => Iterable<string>;
  /** Gives the row that was there before. */
  put(row: Row): Row | undefined;
  /** Gives the row that was there. */
  remove(key: string): Row | undefined;
  /** Those whose own row has come. */
  networks(): Iterable<NetworkNames>;
  /** Always in the same order. */
  at(address: string): readonly EndpointRow[];
  endpointsOf(taskId: string): readonly EndpointRow[];
  serversOf(taskId: string): readonly string[];
}

export function createRowIndex(): RowIndex {
  const rows = new Map<string, Row>();
  const networks = new Map<string, NetworkKeeper>();
  const ofTask = new Map<string, Set<EndpointRow>>();
  const ofAddress = new Map<string, Set<EndpointRow>>();

  const network = (id: string): NetworkKeeper => {
    const found = networks.get(id) ?? createNetwork();
    networks.set(id, found);
    return found;
  };
  const prune = (id: string): void => {
    if (networks.get(id)?.isEmpty() === true) networks.delete(id);
  };
  const add = (row: Row): void => {
    if (row.kind === 'network') network(row.id).setRow(row);
    if (row.kind === 'endpoint') {
      network(row.networkId).add(row);
      into(ofTask, row.taskId, row);
      into(ofAddress, row.address, row);
    }
  };
  const withdraw = (row: Row): void => {
    if (row.kind === 'network') network(row.id).setRow(undefined);
    if (row.kind === 'endpoint') {
      network(row.networkId).remove(row);
      outOf(ofTask, row.taskId, row);
      outOf(ofAddress, row.address, row);
    }
  };

  return {
    size: () => rows.size,
    keys: () => rows.keys(),
    put(row) {
      const key = rowKey(row);
      const before = rows.get(key);
      rows.set(key, row);
      if (before !== undefined) withdraw(before);
      add(row);
      return before;
    },
    remove(key) {
      const before = rows.get(key);
      if (before === undefined) return undefined;
      rows.delete(key);
      withdraw(before);
      if (before.kind !== 'servers') prune(before.kind === 'network' ? before.id : before.networkId);
      return before;
    },
    *networks() {
      for (const { names } of networks.values()) if (names.row !== undefined) yield names;
    },
    at: (address) => byId(ofAddress.get(address)),
    endpointsOf: (taskId) => byId(ofTask.get(taskId)),
    serversOf(taskId) {
      const row = rows.get(`servers:${taskId}`);
      return row?.kind === 'servers' ? row.servers : [];
    },
  };
}
