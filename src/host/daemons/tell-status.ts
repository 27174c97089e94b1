import { join } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import type { Directories } from '../host.ts';
import type { ServiceName } from './launcher.ts';

/** What a daemon says of itself, in a file of the run directory. It counts only while that process lives. */
export interface DaemonStatus {
  readonly pid: number;
  /** The manager serves its API, the resolver can be told things; the agent has a session. */
  readonly ready: boolean;
  /** Agents: the manager of the session. */
  readonly manager?: string | undefined;
}

export const statusFile = (name: ServiceName, { runDirectory }: Directories): string =>
  join(runDirectory, `${name}.json`);

/** For daemons. Apart from the reading, which needs the schema library: the resolver is to be small. */
export const writeStatus = async (name: ServiceName, directories: Directories, status: DaemonStatus): Promise<void> => {
  await replaceFile(statusFile(name, directories), JSON.stringify(status), 0o644);
};
