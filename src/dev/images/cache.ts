import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../wait.ts';

/** A digest of every file below the directories: their paths and contents, in order. */
export async function digestOf(directories: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of directories) {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.toSorted()) {
      const content = await readFile(file);
      hash.update(`${file.slice(directory.length)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Takes the lock; undefined while a living process has it. One that a dead process left is removed, for the next try. */
export async function tryLock(file: string): Promise<true | undefined> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && !alive(owner)) await rm(file, { force: true });
    return undefined;
  }
}

/** Runs `work` while no other process does so under the same lock file. */
export async function locked<T>(
  directory: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'lock');
  await waitFor(async () => await tryLock(file), {
    what: `another process to finish with ${directory} (its lock: ${file})`,
    deadlineMs: 1_800_000,
    everyMs: 200,
    signal,
  });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
