import { join } from 'node:path';
import * as z from 'zod';
import { readText, replaceFile } from '../platform/files.ts';
import type { Directories } from './host.ts';
import type { DaemonName } from './launcher.ts';

/** What a daemon says of itself, in a file of the run directory. It counts only while that process lives. */
const daemonStatus = z.object({
  pid: z.number().int(),
  /** The manager serves its API; the agent has a session. */
  ready: z.boolean(),
  /** Agents: the manager of the session. */
  manager: z.string().optional(),
});
export type DaemonStatus = z.infer<typeof daemonStatus>;

const pathOf = (name: DaemonName, { runDirectory }: Directories): string => join(runDirectory, `${name}.json`);

/** Undefined when there is none that can be read. */
export const readStatus = async (name: DaemonName, directories: Directories): Promise<DaemonStatus | undefined> => {
  try {
    const text = await readText(pathOf(name, directories));
    return text === undefined ? undefined : daemonStatus.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

export const writeStatus = async (name: DaemonName, directories: Directories, status: DaemonStatus): Promise<void> => {
  await replaceFile(pathOf(name, directories), JSON.stringify(status), 0o644);
};
