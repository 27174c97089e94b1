import * as z from 'zod';
import { readText } from '../../platform/files.ts';
import type { Directories } from '../host.ts';
import type { ServiceName } from './launcher.ts';
import { statusFile } from './tell-status.ts';
import type { DaemonStatus } from './tell-status.ts';

const daemonStatus: z.ZodType<DaemonStatus> = z.object({
  pid: z.number().int(),
  ready: z.boolean(),
  manager: z.string().optional(),
});

/** Undefined when there is none that can be read. */
export const readStatus = async (name: ServiceName, directories: Directories): Promise<DaemonStatus | undefined> => {
  try {
    const text = await readText(statusFile(name, directories));
    return text === undefined ? undefined : daemonStatus.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};
