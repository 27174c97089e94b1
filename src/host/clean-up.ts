import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';
import type { Exec } from '../platform/exec.ts';
import { daemonOf } from './daemons/daemon.ts';
import type { Directories } from './host.ts';
import type { CleanUp } from './leave.ts';

const words = z.array(z.string());
/** Containers are given their grace period by nobody here, but a slow engine takes its time. */
const timeoutMs = 120_000;

/** Lets the agent's own program remove what it made: it alone knows what that is. */
export const createCleanUp =
  (exec: Exec, directories: Directories): CleanUp =>
  async (_config, signal) => {
    const [command, ...args] = daemonOf('agent', directories).command;
    const { code, stdout, stderr } = await exec(command, [...args, '--clean-up'], {
      timeoutMs,
      ...(signal && { signal }),
    });
    if (code !== 0) {
      throw new TuttiError('internal', `what the cluster made here could not all be removed: ${stderr.trim()}`);
    }
    return words.parse(JSON.parse(stdout));
  };
