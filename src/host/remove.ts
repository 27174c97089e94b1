import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Directories } from './host.ts';
import { daemonNames } from './daemons/launcher.ts';

const daemon = `(${daemonNames.join('|')})`;
const inState = new RegExp(
  `^(config\\.json|(node|api)\\.pem|ca\\.crt|manager|agent|(door|${daemon})\\.log(\\.1)?)(\\.new)?$`,
);
const inRun = new RegExp(`^((docker|resolver)\\.sock|tasks|door|${daemon}\\.(json|pid|pid\\.supervisor))(\\.new)?$`);

const removeFrom = async (directory: string, ours: RegExp): Promise<void> => {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => ours.test(one))) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
  // What others put there stays, and the directory with it.
  await rmdir(directory).catch(() => undefined);
};

/** Removes a node's files from both directories, and nothing else that may be there. */
export const removeFiles = async ({ stateDirectory, runDirectory }: Directories): Promise<void> => {
  await removeFrom(runDirectory, inRun);
  await removeFrom(stateDirectory, inState);
};
