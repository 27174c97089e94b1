import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** Files of `/proc/sys` and `/sys`, as this process's network namespace has them; see the agent's port of this name. */
export function createKernelSettings() {
  return {
    read(path: string): string | undefined {
      try {
        return readFileSync(path, 'utf8').trim();
      } catch {
        return undefined;
      }
    },
    write(path: string, value: string): boolean {
      try {
        writeFileSync(path, value);
        return true;
      } catch {
        return false;
      }
    },
    list(directory: string): readonly string[] {
      try {
        return readdirSync(directory);
      } catch {
        return [];
      }
    },
  };
}

/** Whether the kernel does IPv6 here, now and for devices to come. */
export const hasIpv6 = ({ read }: Pick<ReturnType<typeof createKernelSettings>, 'read'>): boolean =>
  ['all', 'default'].every((name) => read(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`) === '0');
