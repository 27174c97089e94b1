import { TuttiError } from '../model/errors.ts';
import type { DurableRow } from './driver.ts';
import type { DurableTable, SpecReadAt } from './store.ts';

/** What people call a row in a message: its kind with its name, else with its id. */
export const describeRow = (table: DurableTable, row: DurableRow): string => {
  const name = 'spec' in row && 'name' in row.spec ? row.spec.name : undefined;
  return `${table} ${typeof name === 'string' ? name : row.id}`;
};

export const missingRow = (table: DurableTable, id: string): TuttiError =>
  new TuttiError('not-found', `${table} ${id} not found`, { fields: { table, id } });

export const changedRow = (table: DurableTable, row: DurableRow, expectation: number | SpecReadAt): TuttiError => {
  const expected = typeof expectation === 'number' ? expectation : expectation.specReadAt;
  return new TuttiError(
    'version-mismatch',
    `update out of sequence: ${describeRow(table, row)} was changed meanwhile (it is at version ${row.version}, not ${expected}); read it again and repeat`,
    { fields: { table, id: row.id, version: row.version, expected } },
  );
};

export const takenId = (table: DurableTable, id: string): TuttiError =>
  new TuttiError('already-exists', `${table} ${id} already exists`, { fields: { table, id } });

export const takenName = (table: DurableTable, name: string, holder: string): TuttiError =>
  new TuttiError('already-exists', `${table} ${name} already exists`, {
    fields: { table, name, id: holder },
  });
