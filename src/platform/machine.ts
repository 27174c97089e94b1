import { createHash } from 'node:crypto';
import { readText } from './files.ts';

/**
 * What nodes that share a machine have in common: the boot of its kernel. (`/etc/machine-id` is often the same on machines
 * that were copied.) Undefined where that cannot be known.
 */
export const readMachine = async (): Promise<string | undefined> => {
  const text = await readText('/proc/sys/kernel/random/boot_id').catch(() => undefined);
  return text === undefined ? undefined : createHash('sha256').update(text.trim()).digest('hex').slice(0, 32);
};
