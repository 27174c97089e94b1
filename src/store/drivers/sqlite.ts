import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { TuttiError } from '../../model/errors.ts';
import type { Driver, DriverRow, DriverWrite } from '../driver.ts';
import type { Sealer } from '../seal.ts';
import { corruptStore, sqliteFault } from './sqlite-errors.ts';
import { migrate } from './sqlite-schema.ts';

export interface SqliteOptions {
  /** The file; made when it is missing. `<path>-wal` stands beside it while the store is open. */
  readonly path: string;
  /** Encrypts every row and the checkpoint. */
  readonly sealer?: Sealer;
}

const plain: Sealer = { seal: (text) => text, open: (text) => text };

/**
 * Keeps commits in one SQLite file: WAL, one fsync per commit, locked against a second manager for as long as it is
 * open. Throws `in-use`, `corrupt`, `permission-denied`, or `conflict` for a file of a newer version.
 */
export const sqliteDriver = ({ path, sealer = plain }: SqliteOptions): Driver => {
  const database = guarded(path, () => open(path));
  const statements = prepare(database);
  const storedRevision = (): number => Number(statements.getMeta.get('revision')?.['value'] ?? Number.NaN);
  const transact = (work: () => void): void => {
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  const write = ({ table, id, after }: DriverWrite): void => {
    if (after === undefined) statements.remove.run(table, id);
    else statements.put.run(table, id, sealer.seal(JSON.stringify(after), `${table} ${id}`));
  };
  return {
    load: async () => guarded(path, () => ({ revision: storedRevision(), rows: readRows(path, statements, sealer) })),
    commit: async (previous, revision, writes) =>
      guarded(path, () =>
        transact(() => {
          const stored = storedRevision();
          if (stored !== previous) {
            throw new TuttiError('version-mismatch', `${path} is at revision ${stored}, not ${previous}`);
          }
          for (const one of writes) write(one);
          statements.putMeta.run('revision', revision);
        }),
      ),
    saveCheckpoint: async (value) =>
      guarded(path, () => void statements.putMeta.run('checkpoint', sealer.seal(value, 'checkpoint'))),
    loadCheckpoint: async () =>
      guarded(path, () => {
        const value = statements.getMeta.get('checkpoint')?.['value'];
        return typeof value === 'string' ? sealer.open(value, 'checkpoint') : undefined;
      }),
    // Commits hold up the process: let every input that is there already be handled and join in.
    gather: async () => setImmediate(),
    [Symbol.asyncDispose]: async () => {
      if (database.isOpen) database.close();
    },
  };
};

const guarded = <Value>(path: string, work: () => Value): Value => {
  try {
    return work();
  } catch (error) {
    throw sqliteFault(error, path);
  }
};

const open = (path: string): DatabaseSync => {
  // Made by us and not by SQLite, so that nobody else can read it for an instant.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  try {
    // Exclusive before WAL: the lock is then held until the file is closed, and no shared memory file is needed.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('BEGIN IMMEDIATE; COMMIT');
    const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (found !== 'ok') throw corruptStore(path, String(found));
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};

interface Statements {
  readonly put: ReturnType<DatabaseSync['prepare']>;
  readonly remove: ReturnType<DatabaseSync['prepare']>;
  readonly all: ReturnType<DatabaseSync['prepare']>;
  readonly getMeta: ReturnType<DatabaseSync['prepare']>;
  readonly putMeta: ReturnType<DatabaseSync['prepare']>;
}

const prepare = (database: DatabaseSync): Statements => ({
  put: database.prepare('INSERT INTO object VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
  remove: database.prepare('DELETE FROM object WHERE kind = ? AND id = ?'),
  all: database.prepare('SELECT kind, id, value FROM object'),
  getMeta: database.prepare('SELECT value FROM meta WHERE name = ?'),
  putMeta: database.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
});

function* readRows(path: string, statements: Statements, sealer: Sealer): Iterable<DriverRow> {
  try {
    for (const { kind, id, value } of statements.all.iterate()) {
      const place = `${String(kind)} ${String(id)}`;
      yield {
        table: kind as DriverRow['table'],
        id: String(id),
        row: parse(path, place, sealer.open(String(value), place)),
      };
    }
  } catch (error) {
    throw sqliteFault(error, path);
  }
}

const parse = (path: string, place: string, text: string): DriverRow['row'] => {
  try {
    return JSON.parse(text) as DriverRow['row'];
  } catch (error) {
    throw corruptStore(path, `${place} is not JSON`, error);
  }
};
