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
