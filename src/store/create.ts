import type { Clock } from '../platform/ports.ts';
import { encodeSoft, restoreSoft } from './checkpoint.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Driver } from './driver.ts';
import { History } from './history.ts';
import { OverlaySoftTransaction } from './soft-transaction.ts';
import { sharingSpecs } from './share.ts';
import type { Change, Commit, Store } from './store.ts';
import { TableSet } from './tables.ts';

export interface StoreOptions {
  /** The store closes it. */
  readonly driver: Driver;
  readonly clock: Pick<Clock, 'now'>;
  /** Commits are kept for watchers until they changed this many rows together; 10,000 when absent. */
  readonly historyRows?: number;
}

/** Opens a store: reads everything from the driver, soft tables from the last checkpoint. Throws what the driver throws. */
export const createStore = async ({ driver, clock, historyRows = 10_000 }: StoreOptions): Promise<Store> => {
  const tables = await load(driver);
  const history = new History(tables.revision, historyRows);
  const listeners = new Set<(commit: Commit) => void>();
  const notify = (durable: boolean, changes: readonly Change[]): void => {
    const commit = { revision: tables.revision, durable, changes };
    if (durable) history.add(commit);
    for (const listener of listeners) call(listener, commit);
  };
  const publish = (revision: number, changes: readonly Change[]): void => {
    for (const { table, id, before, after } of changes) tables.write(table, id, before, after);
    tables.revision = revision;
    notify(true, changes);
  };
  const queue = new CommitQueue({ driver, clock, tables, publish });
  return {
    view: tables,
    update: async (decide) => queue.run(decide),
    observe: (apply) => {
      const transaction = new OverlaySoftTransaction(tables);
      const value = apply(transaction);
      const changes = transaction.finish();
      for (const { table, id, before, after } of changes) tables.write(table, id, before, after);
      if (changes.length > 0) notify(false, changes);
      return value;
    },
    subscribe: (listener) => {
      // A listener of its own for each call, so that subscribing a function twice is not once.
      const own = (commit: Commit): void => listener(commit);
      listeners.add(own);
      return { [Symbol.dispose]: () => void listeners.delete(own) };
    },
    watch: ({ from, signal }) => history.follow(from, signal),
    checkpoint: async () => driver.saveCheckpoint(encodeSoft(tables)),
    [Symbol.asyncDispose]: async () => {
      await queue.close();
      history.close();
      await driver[Symbol.asyncDispose]();
    },
  };
};

/** A listener that throws is a defect: it ends the process, but never leaves a commit half published. */
const call = (listener: (commit: Commit) => void, commit: Commit): void => {
  try {
    listener(commit);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
};

const load = async (driver: Driver): Promise<TableSet> => {
  const tables = new TableSet();
  const { revision, rows } = await driver.load();
  for (const { table, id, row } of sharingSpecs(rows)) tables.write(table, id, undefined, row);
  tables.revision = revision;
  const checkpoint = await driver.loadCheckpoint();
  if (checkpoint !== undefined) restoreSoft(checkpoint, tables);
  return tables;
};
