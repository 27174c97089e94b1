import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new directory for as long as this process is there: Ctrl-C ends it, too. */
export async function benchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
