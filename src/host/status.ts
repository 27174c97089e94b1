import * as z from 'zod';
import { readText } from '../platform/files.ts';
import type { Directories } from './host.ts';
import type { ServiceName } from './launcher.ts';
import { statusFile } from './tell-status.ts';

/** What a daemon says of itself, in a file of the run directory. It counts only while that process lives. */
const daemonStatus = z.object({
  pid: z.number().int(),
  /** The manager serves its API, the resolver can be told things; the agent has a session. */
  ready: z.boolean(),
  /** Agents: the manager of the session. */
  manager: z.string().optional(),
});
export type DaemonStatus = z.infer<typeof daemonStatus>;

/** Undefined when there is none that can be read. */
export const readStatus = async (name: ServiceName, directories: Directories): Promise<DaemonStatus | undefined> => {
  try {
    const text = await readText(statusFile(name, directories));
    return text === undefined ? undefined : daemonStatus.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};
