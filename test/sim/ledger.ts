import { sameData } from '../../src/manager/service/change.ts';
import type { Store } from '../../src/store/store.ts';
import { Violation } from './violation.ts';

export type Thing = 'service' | 'network' | 'secret';

/** What was answered, and so must be in the store; and what was asked for without an answer, and so may be. */
export interface Ledger {
  /** A request for a thing to be so (undefined: not there) is under way. False while another one is. */
  asked(table: Thing, name: string, wanted: unknown): boolean;
  answered(table: Thing, name: string, done: boolean): void;
  /** Names of what is there for certain. */
  known(table: Thing): readonly string[];
  /** Compares with the store of a manager that has just started, which settles what had no answer. */
  settle(store: Store): void;
}

interface Entry {
  readonly before: unknown;
  /** Present while there is no answer. */
  readonly asked?: { readonly wanted: unknown };
}

export function createLedger(): Ledger {
  const entries = new Map<string, Entry>();
  const keyOf = (table: Thing, name: string): string => `${table} ${name}`;
  const stored = (store: Store, key: string): { readonly spec: unknown; readonly rolledBack: boolean } => {
    const [table = '', name = ''] = key.split(' ');
    const [row] = store.view.find(table as 'service', 'name', name);
    return { spec: row?.spec, rolledBack: row?.updateStatus?.state.startsWith('rollback') === true };
  };
  const check = (key: string, entry: Entry, store: Store): Entry => {
    const { spec, rolledBack } = stored(store, key);
    const possible = entry.asked === undefined ? [entry.before] : [entry.before, entry.asked.wanted];
    // The manager itself goes back to an earlier specification where the service's policy says so.
    if (!rolledBack && !possible.some((one) => sameData(one, spec))) {
      const texts = possible.map((one) => JSON.stringify(one)).join(' or ');
      throw new Violation(`${key}: what was acknowledged is lost: stored is ${JSON.stringify(spec)}, not ${texts}`);
    }
    return { before: spec };
  };
  return {
    asked: (table, name, wanted) => {
      const entry = entries.get(keyOf(table, name));
      if (entry?.asked !== undefined) return false;
      entries.set(keyOf(table, name), { before: entry?.before, asked: { wanted } });
      return true;
    },
    answered: (table, name, done) => {
      const entry = entries.get(keyOf(table, name));
      if (entry?.asked !== undefined)
        entries.set(keyOf(table, name), { before: done ? entry.asked.wanted : entry.before });
    },
    known: (table) =>
      [...entries].flatMap(([key, { before, asked }]) =>
        key.startsWith(`${table} `) && before !== undefined && asked === undefined ? [key.slice(table.length + 1)] : [],
      ),
    settle: (store) => {
      for (const [key, entry] of entries) entries.set(key, check(key, entry, store));
    },
  };
}
