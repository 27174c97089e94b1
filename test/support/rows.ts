import type { Row, RowChange } from '../../src/agent/dns/row.ts';
import { createRowBook } from '../../src/agent/dns/link/rows.ts';
import { createNameTable } from '../../src/agent/dns/table/table.ts';
import type { NameTable } from '../../src/agent/dns/table/table.ts';
import type { Assignments } from '../../src/agent/network/endpoints.ts';

/** What a resolver is told at first for these assignments. */
export const wholeOf = (assignments: Assignments): RowChange => {
  const { put } = createRowBook()(assignments, new Map(), true);
  return { whole: true, put: put.map((text) => JSON.parse(text) as Row), remove: [] };
};

/** A table that was told these assignments. */
export const tableOf = (assignments: Assignments): NameTable => {
  const table = createNameTable();
  table.apply(wholeOf(assignments));
  return table;
};
