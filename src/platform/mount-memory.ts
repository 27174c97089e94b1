import { TuttiError } from '../model/errors.ts';
import type { Exec } from './exec.ts';

/** Mounts memory file systems: mode 0700, and no larger than secrets and configs of a node can be. Their source is what engines give: containers see it. */
export const createMountMemory =
  (exec: Exec) =>
  async (directory: string): Promise<void> => {
    const options = 'mode=0700,size=256m,nosuid,nodev,noexec';
    const { code, stderr } = await exec('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
    if (code !== 0)
      throw new TuttiError('internal', `no memory file system could be mounted on ${directory}: ${stderr}`);
  };
