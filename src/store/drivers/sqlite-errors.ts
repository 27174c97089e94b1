import { TuttiError } from '../../model/errors.ts';

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const codes = { busy: 5, locked: 6, readonly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 };

/** What the file system answers where the file cannot be made. */
const fileCodes = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR']);

const isFileError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && fileCodes.has(String(error.code));

const primaryCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

/** What SQLite threw, as a fault that says what to do. */
export const sqliteFault = (error: unknown, path: string): TuttiError => {
  if (error instanceof TuttiError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const options = { fields: { path }, cause: error };
  if (isFileError(error)) return new TuttiError('permission-denied', `${path} cannot be made: ${said}`, options);
  switch (primaryCode(error)) {
    case codes.busy:
    case codes.locked:
      return new TuttiError('in-use', `${path} is open in another manager: stop that one first`, options);
    case codes.full:
      return new TuttiError(
        'resource-exhausted',
        `the disk of ${path} is full: nothing was written, free some space`,
        options,
      );
    case codes.corrupt:
    case codes.notADatabase:
      return corruptStore(path, said, error);
    case codes.io:
      return new TuttiError('unavailable', `the disk of ${path} fails: ${said}. Nothing was written`, options);
    case codes.readonly:
    case codes.cannotOpen:
      return new TuttiError('permission-denied', `${path} cannot be opened for writing: ${said}`, options);
    default:
      return new TuttiError('internal', `${path}: ${said}`, options);
  }
};

export const corruptStore = (path: string, what: string, cause?: unknown): TuttiError =>
  new TuttiError(
    'corrupt',
    `${path} is damaged: ${what}. Move ${path}, ${path}-wal aside and put a backup in their place; running containers are not touched meanwhile`,
    { fields: { path }, cause },
  );
