import { TuttiError } from '../../model/errors.ts';
import type { Driver, DriverRow, DriverWrite, DurableRow } from '../driver.ts';
import type { DurableTable } from '../store.ts';

/** What a memory driver holds. Give it to a second driver to open "the same disk" again. */
export interface MemoryDisk {
  revision: number;
  readonly rows: Map<DurableTable, Map<string, DurableRow>>;
  checkpoint: string | undefined;
}

export const memoryDisk = (): MemoryDisk => ({ revision: 0, rows: new Map(), checkpoint: undefined });

/** Keeps commits in memory: for tests, benchmarks and the simulation. */
export const memoryDriver = (disk: MemoryDisk = memoryDisk()): Driver => ({
  load: async () => ({ revision: disk.revision, rows: [...rowsOf(disk)] }),
  commit: async (previous, revision, writes) => {
    if (disk.revision !== previous) {
      throw new TuttiError('version-mismatch', `the stored revision is ${disk.revision}, not ${previous}`);
    }
    for (const write of writes) apply(disk, write);
    disk.revision = revision;
  },
  saveCheckpoint: async (value) => {
    disk.checkpoint = value;
  },
  loadCheckpoint: async () => disk.checkpoint,
  [Symbol.asyncDispose]: async () => {},
});

const apply = (disk: MemoryDisk, { table, id, after }: DriverWrite): void => {
  let rows = disk.rows.get(table);
  if (rows === undefined) disk.rows.set(table, (rows = new Map()));
  if (after === undefined) rows.delete(id);
  else rows.set(id, after);
};

function* rowsOf(disk: MemoryDisk): Iterable<DriverRow> {
  for (const [table, rows] of disk.rows) for (const [id, row] of rows) yield { table, id, row };
}
