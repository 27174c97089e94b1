import type { DurableRow } from './driver.ts';
import type { DurableTable, SpecReadAt } from './store.ts';

/** Tables whose specifications clients read and change by version. Of the others nobody asks when they were written. */
const versioned: ReadonlySet<DurableTable> = new Set<DurableTable>(['cluster', 'node', 'service', 'secret', 'config']);

/**
 * The row with the version at which its specification was last written. Rows are never changed in place, so whoever
 * leaves a specification as it was writes the very object that was there.
 */
export const specWrite = (table: DurableTable, before: DurableRow, row: DurableRow): DurableRow => {
  if (!versioned.has(table)) return row;
  const { specWrittenIn: _stale, ...rest } = row as DurableRow & { readonly spec: unknown };
  const isSame = (before as { readonly spec?: unknown }).spec === rest.spec;
  return (isSame ? { ...rest, specWrittenIn: before.specWrittenIn ?? before.version } : rest) as DurableRow;
};

/** Whether the row is as a writer has read it: at that very version, or with the specification of then. */
export const isUnchanged = (row: DurableRow, expected: number | SpecReadAt): boolean => {
  if (typeof expected === 'number') return row.version === expected;
  const { specReadAt } = expected;
  return specReadAt >= (row.specWrittenIn ?? row.version) && specReadAt <= row.version;
};
