import type { NodeStatus } from '../model/node.ts';
import type { View } from './store.ts';
import type { TableSet } from './tables.ts';

/** Whether containers run is not among them: it is asked anew, and until then what was told to the nodes stays. */
const softTables = ['taskStatus', 'nodeStatus'] as const;

/** What the rows of each are about. */
const subjects = { taskStatus: 'task', nodeStatus: 'node' } as const;

type SavedTable = (typeof softTables)[number];
type Saved = { readonly [Name in SavedTable]?: readonly (readonly [string, unknown])[] };

/** The soft tables as text. */
export const encodeSoft = (tables: TableSet): string =>
  JSON.stringify(Object.fromEntries(softTables.map((table) => [table, [...tables.entries(table)]])));

/**
 * Fills empty soft tables from a checkpoint. It is coarse: rows of tasks and nodes that are gone since are left out,
 * and a text that cannot be read counts as none, because agents tell everything again. Whether a node is there is not
 * known before it is heard.
 */
export const restoreSoft = (text: string, tables: TableSet): void => {
  const saved = parse(text);
  for (const table of softTables) {
    for (const [id, row] of saved?.[table] ?? []) {
      if (isKnown(tables, table, id)) tables.write(table, id, undefined, asRestored(table, row) as never);
    }
  }
};

const asRestored = (table: SavedTable, row: unknown): unknown => {
  if (table !== 'nodeStatus') return row;
  const status = row as NodeStatus;
  return status.state === 'ready' || status.state === 'disconnected' ? { ...status, state: 'unknown' } : status;
};

const isKnown = (view: View, table: SavedTable, id: string): boolean => view.get(subjects[table], id) !== undefined;

const parse = (text: string): Saved | undefined => {
  try {
    return JSON.parse(text) as Saved;
  } catch {
    return undefined;
  }
};
