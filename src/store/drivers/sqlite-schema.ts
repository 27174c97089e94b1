import type { DatabaseSync } from 'node:sqlite';
import { TuttiError } from '../../model/errors.ts';

/** Each entry brings a file from the version that is its position to the next. Never change one: add. */
const migrations: readonly ((database: DatabaseSync) => void)[] = [
  (database) =>
    database.exec(`
      CREATE TABLE object (kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
      CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
      INSERT INTO meta VALUES ('revision', 0);
    `),
];

/** Brings the file to the newest schema, one transaction per step. `conflict` when a newer Tutti wrote it. */
export const migrate = (database: DatabaseSync, path: string): void => {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new TuttiError(
      'conflict',
      `${path} was written by a newer Tutti (schema ${version}; this one knows ${migrations.length}): install that version or newer`,
      { fields: { path, version } },
    );
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    step(database);
    database.exec(`PRAGMA user_version = ${index + 1}`);
    database.exec('COMMIT');
  }
};
