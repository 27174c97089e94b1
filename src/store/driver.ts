import type { DurableTable, DurableTables } from './store.ts';

export type DurableRow = DurableTables[DurableTable];

/** One durable row as a driver sees it: something that JSON holds. `after` undefined means that the row is deleted. */
export interface DriverWrite {
  readonly table: DurableTable;
  readonly id: string;
  readonly after?: DurableRow | undefined;
}

export interface DriverRow {
  readonly table: DurableTable;
  readonly id: string;
  readonly row: DurableRow;
}

/**
 * Where commits are kept: few methods, so that SQLite, etcd, memory and the simulation's disk all fit. A driver does not
 * interpret rows and never changes them (they are shared with the store). The one contract suite is driver.contract.ts.
 */
export interface Driver extends AsyncDisposable {
  /** Everything that is stored and the revision of the last commit (0 when empty). Throws `corrupt`. */
  load(): Promise<{ readonly revision: number; readonly rows: Iterable<DriverRow> }>;
  /**
   * Makes the writes durable, in order, all or none, and moves the stored revision from `previous` to `revision`. Throws
   * `version-mismatch` when the stored revision is not `previous` (another writer), `unavailable` or
   * `resource-exhausted` (disk full) when it could not be done; then nothing is stored and the next commit may succeed.
   */
  commit(previous: number, revision: number, writes: readonly DriverWrite[]): Promise<void>;
  /** Keeps a small text outside of revisions: the checkpoint of soft state. Losing the newest one is harmless. */
  saveCheckpoint(value: string): Promise<void>;
  loadCheckpoint(): Promise<string | undefined>;
  /**
   * Waits, briefly, for more transactions to share the next commit. For a driver whose commit holds up the process:
   * what arrived meanwhile is then written together.
   */
  gather?(): Promise<void>;
}
