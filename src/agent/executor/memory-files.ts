import { chmod, chown, mkdir, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TuttiError } from '../../model/errors.ts';
import type { TaskId } from '../../model/ids.ts';
import type { TaskFiles } from './engine.ts';

/** Magic numbers of tmpfs and ramfs, see statfs(2). */
const memoryFileSystems = new Set([0x01021994, 0x858458f6]);

/** Mounts a memory file system on a directory. Rejects when that cannot be done. */
export type MountMemory = (directory: string) => Promise<void>;

/**
 * Files below `directory`, which the engine must see under the same name. Where it is not on a memory file system
 * (as `/run` is on most machines), one is mounted on it before the first file is written. The files outlive the agent,
 * so that a container restarted before a manager answers has its secrets.
 */
export function createMemoryFiles(directory: string, mount: MountMemory): TaskFiles {
  const pathOf = (task: string, container: string, index: number): string =>
    join(directory, safeName(task), safeName(container), String(index));
  return {
    async write(task, container, files) {
      if (files.length === 0) return [];
      await ensureMemory(directory, mount);
      await mkdir(join(directory, safeName(task), safeName(container)), { recursive: true, mode: 0o700 });
      const paths = files.map((_, index) => pathOf(task, container, index));
      for (const [index, file] of files.entries()) {
        const path = paths[index] ?? '';
        await rm(path, { force: true });
        await writeFile(path, file.data, { mode: 0o600, flag: 'wx' });
        await chown(path, file.uid, file.gid);
        await chmod(path, file.mode);
      }
      return paths;
    },
    async existing(task, container, count) {
      const paths = Array.from({ length: count }, (_, index) => pathOf(task, container, index));
      const found = await Promise.all(paths.map(isFile));
      return found.every(Boolean) ? paths : undefined;
    },
    async remove(task) {
      await rm(join(directory, safeName(task)), { recursive: true, force: true });
    },
    async owners() {
      try {
        return (await readdir(directory)) as TaskId[];
      } catch {
        // Nothing was ever written.
        return [];
      }
    },
  };
}

/** Makes the directory, on a memory file system. Throws `invalid-argument` where there can be none. */
export async function ensureMemory(directory: string, mount: MountMemory): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (!(await isMemory(directory))) await mount(directory);
  if (!(await isMemory(directory))) throw notMemory(directory);
}

async function isMemory(directory: string): Promise<boolean> {
  return memoryFileSystems.has((await statfs(directory)).type);
}

function notMemory(directory: string): TuttiError {
  const advice = 'give the agent a run directory on tmpfs';
  return new TuttiError(
    'invalid-argument',
    `${directory} is not on a memory file system and secrets are not written to disk: ${advice}`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Ids and container names hold no separators, but they come over the network. */
function safeName(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw new TuttiError('invalid-argument', `"${name}" cannot name a file`);
  }
  return name;
}
