import type { createKernelSettings } from './kernel-settings.ts';
import type { Log } from './ports.ts';

const setting = '/proc/sys/fs/inotify/max_user_instances';
const wanted = 8192;

/**
 * Raises how many instances of inotify one user may have; what is above is left. An engine before 23.0 takes one for each that follows
 * a log. Past the kernel's 128 it looks five times a second instead, and whoever follows misses what a container wrote
 * since the last look when it ends.
 */
export function raiseInotify(
  { read, write }: Pick<ReturnType<typeof createKernelSettings>, 'read' | 'write'>,
  log: Pick<Log, 'info' | 'warn'>,
): void {
  const found = read(setting);
  if (found === undefined || Number(found) >= wanted) return;
  if (write(setting, String(wanted))) log.info('more may follow logs here', { setting, from: found, to: wanted });
  else log.warn('who follows logs here may miss the last lines where they are many', { setting, found, wanted });
}
