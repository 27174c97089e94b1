import { readFile, readdir } from 'node:fs/promises';

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
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN);
  return { residentMb: kilobytes / 1024, cpu: (100 * used) / ((performance.now() - started) / 1000) };
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
