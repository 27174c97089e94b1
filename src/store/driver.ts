import type { DurableTable } from './store.ts';

/** One durable row as a driver sees it: opaque text. `value` absent means that the row is deleted. */
export interface DriverWrite {
  readonly table: DurableTable;
  readonly id: string;
  readonly value?: string;
}

export interface DriverRow {
  readonly table: DurableTable;
  readonly id: string;
  readonly value: string;
}

/**
 * Where commits are kept. Four methods, so that SQLite, etcd, memory and the simulation's disk all fit.
 * A driver does not interpret rows. The one contract suite is store/driver.contract.ts.
 */
export interface Driver extends AsyncDisposable {
  /** Everything that is stored and the revision of the last commit (0 when empty). */
  load(): Promise<{ readonly revision: number; readonly rows: Iterable<DriverRow> }>;
  /**
   * Makes the writes durable as revision `revision`, all or none. Throws `version-mismatch` when the stored revision is
   * not `revision - 1` (another writer), `unavailable` or `resource-exhausted` (disk full) when it could not be done.
   */
  commit(revision: number, writes: readonly DriverWrite[]): Promise<void>;
  /** Keeps a small blob outside of revisions: the checkpoint of soft state. Losing the newest one is harmless. */
  saveCheckpoint(value: string): Promise<void>;
  loadCheckpoint(): Promise<string | undefined>;
}
