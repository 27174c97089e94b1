import { addressBytes } from '../../address.ts';
import { reverseName, subnetOf } from '../address.ts';
import type { Subnet } from '../address.ts';
import type { EndpointRow, NetworkRow } from '../row.ts';

/** What is found on one network; kept up to date row by row. All keys are in lower case. */
export interface NetworkNames {
  /** Undefined: endpoints have come, their network has not yet. */
  readonly row: NetworkRow | undefined;
  readonly subnets: readonly Subnet[];
  /** Name → whoever has it, ready or not. */
  readonly named: ReadonlyMap<string, ReadonlySet<EndpointRow>>;
  /** `5.0.128.10.in-addr.arpa` → whoever has the address. */
  readonly reversed: ReadonlyMap<string, ReadonlySet<EndpointRow>>;
  /** Grows with every change. */
  readonly version: number;
}

export interface NetworkKeeper {
  readonly names: NetworkNames;
  /** True where nothing is left of it. */
  readonly isEmpty: () => boolean;
  setRow(row: NetworkRow | undefined): void;
  add(endpoint: EndpointRow): void;
  remove(endpoint: EndpointRow): void;
}

export function createNetwork(): NetworkKeeper {
  const named = new Map<string, Set<EndpointRow>>();
  const reversed = new Map<string, Set<EndpointRow>>();
  const names = {
    row: undefined as NetworkRow | undefined,
    subnets: [] as readonly Subnet[],
    named,
    reversed,
    version: 0,
  };
  return {
    names,
    isEmpty: () => names.row === undefined && named.size === 0 && reversed.size === 0,
    setRow(row) {
      names.row = row;
      names.subnets = [row?.subnet, row?.subnet6].flatMap((text) => (text === undefined ? [] : (subnetOf(text) ?? [])));
      names.version += 1;
    },
    add(endpoint) {
      names.version += 1;
      for (const name of namesOf(endpoint)) into(named, name, endpoint);
      for (const name of reversesOf(endpoint)) into(reversed, name, endpoint);
    },
    remove(endpoint) {
      names.version += 1;
      for (const name of namesOf(endpoint)) outOf(named, name, endpoint);
      for (const name of reversesOf(endpoint)) outOf(reversed, name, endpoint);
    },
  };
}

const namesOf = ({ names, taskNames }: EndpointRow): readonly string[] =>
  [...names, ...taskNames].map((name) => name.toLowerCase());

const reversesOf = ({ address, address6 }: EndpointRow): readonly string[] =>
  [address, address6].flatMap((text) => {
    const bytes = text === undefined ? undefined : addressBytes(text);
    return bytes === undefined ? [] : [reverseName(bytes)];
  });

/** Adds to one of several sets. */
export function into<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const found = sets.get(key);
  if (found === undefined) sets.set(key, new Set([value]));
  else found.add(value);
}

/** Takes out of one of several sets, and leaves no empty one. */
export function outOf<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const found = sets.get(key);
  if (found?.delete(value) === true && found.size === 0) sets.delete(key);
}

/** Of several at one place the same one comes first whatever order they were told in. */
export const byId = (rows: Iterable<EndpointRow> = []): readonly EndpointRow[] =>
  [...rows].sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)));
