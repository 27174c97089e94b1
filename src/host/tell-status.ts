import { join } from 'node:path';
import { replaceFile } from '../platform/files.ts';
import type { Directories } from './host.ts';
import type { ServiceName } from './launcher.ts';
import type { DaemonStatus } from './status.ts';

export const statusFile = (name: ServiceName, { runDirectory }: Directories): string =>
  join(runDirectory, `${name}.json`);

/** For daemons. Apart from the reading, which needs the schema library: the resolver is to be small. */
export const writeStatus = async (name: ServiceName, directories: Directories, status: DaemonStatus): Promise<void> => {
  await replaceFile(statusFile(name, directories), JSON.stringify(status), 0o644);
};
