import { readFile, readdir, writeFile } from 'node:fs/promises';
import type { Cluster } from './cluster.ts';

/** What a process holds and used over a window. */
export interface Footprint {
  readonly residentMb: number;
  /** Percent of one core. */
  readonly cpu: number;
}

const ticksPerSecond = 100;

async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory at the end of the window and the processor time in it. */
export async function footprint(pid: number, seconds: number): Promise<Footprint> {
  const before = await cpuSeconds(pid);
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = (await cpuSeconds(pid)) - before;
  return { residentMb: await residentMb(pid), cpu: (100 * used) / ((performance.now() - started) / 1000) };
}

/** Processes whose command line has every one of the words. */
export async function processes(...words: readonly string[]): Promise<readonly number[]> {
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('node') && words.every((word) => line.includes(word))) found.push(Number(entry));
  }
  return found;
}

const statusMb = async (pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
};

/** Megabytes that the process holds now. */
export const residentMb = (pid: number): Promise<number> => statusMb(pid, 'VmRSS');

/** Begins to watch a process's memory; what it gives says the most that was held since. */
export const peakOf = async (
  pid: number,
): Promise<() => Promise<{ readonly before: number; readonly grown: number }>> => {
  // Forgets the highest so far (proc(5), clear_refs).
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await residentMb(pid);
  return async () => ({ before, grown: (await statusMb(pid, 'VmHWM')) - before });
};

/** The daemon of the cluster's last node that has it: the manager's is its only one, an agent's the farthest from that. */
export const processOf = async (program: string, { nodes }: Pick<Cluster, 'nodes'>): Promise<number> => {
  for (const { engine } of nodes.toReversed()) {
    const directory = /^unix:\/\/(.*\/)docker\.sock$/.exec(engine)?.[1] ?? '';
    const found = await Promise.all(
      (await processes(program, directory)).map(async (pid) => ({
        pid,
        name: (await readFile(`/proc/${pid}/comm`, 'utf8')).trim(),
      })),
    );
    // The supervisor's command line has them too.
    const daemon = found.find(({ name }) => name !== 'sh');
    if (daemon !== undefined) return daemon.pid;
  }
  throw new Error(`no process of ${program}`);
};
