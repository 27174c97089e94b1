import { readFileSync, writeFileSync } from 'node:fs';

/** Settings below `/proc/sys` of the network namespace that this process is in; see the agent's port of this name. */
export function createKernelSettings(root = '/proc/sys') {
  return {
    read(name: string): string | undefined {
      try {
        return readFileSync(`${root}/${name}`, 'utf8').trim();
      } catch {
        return undefined;
      }
    },
    write(name: string, value: string): boolean {
      try {
        writeFileSync(`${root}/${name}`, value);
        return true;
      } catch {
        return false;
      }
    },
  };
}
