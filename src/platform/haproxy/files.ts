import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureMemory } from '../../agent/executor/memory-files.ts';
import type { MountMemory } from '../../agent/executor/memory-files.ts';
import type { ProxyHost } from '../../agent/proxy/ports.ts';
import { replaceFile } from '../files.ts';

/** The files that the configuration names, by what is in them: one that is there is never another. */
export const createProxyFiles = (
  directory: string,
  mount: MountMemory,
): Pick<ProxyHost, 'pathOf' | 'keep' | 'forget'> => ({
  pathOf: (name, content) =>
    join(directory, `${createHash('sha256').update(content).digest('hex').slice(0, 24)}-${name}`),
  async keep(wanted) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // What was there before is hidden where one is mounted, and made again below.
    if ([...wanted.keys()].some((path) => path.endsWith('.pem'))) await ensureMemory(directory, mount);
    for (const [path, text] of wanted) {
      if ((await stat(path).catch(() => undefined)) === undefined) await replaceFile(path, text, 0o600);
    }
  },
  async forget(kept) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (!kept.has(join(directory, name))) await rm(join(directory, name), { force: true });
    }
  },
});
