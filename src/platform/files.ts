import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TuttiError } from '../model/errors.ts';

const fault = (path: string, doing: string, error: NodeJS.ErrnoException): TuttiError => {
  const code = error.code === 'ENOSPC' || error.code === 'EDQUOT' ? 'resource-exhausted' : 'internal';
  return new TuttiError(code, `${path} cannot be ${doing}: ${error.message}`, { cause: error });
};

/** The file's text; undefined when there is none. */
export const readText = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    if (error.code === 'ENOENT') return undefined;
    throw fault(path, 'read', error);
  }
};

/**
 * Replaces the file: whoever reads it sees the old text or the new one, also after a power cut. Directories above it are
 * made. `mode` is of the file.
 */
export const replaceFile = async (path: string, text: string, mode: number): Promise<void> => {
  const temporary = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using file = await open(temporary, 'w', mode);
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw fault(path, 'written', thrown as NodeJS.ErrnoException);
  }
};
