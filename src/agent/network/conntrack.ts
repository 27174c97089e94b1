import type { Publication } from './publish.ts';
import type { Exec } from './ports.ts';

/**
 * What to forget after published UDP ports changed: a flow keeps its first translation for as long as it goes on, also
 * towards a task that is gone, or to none when it began before there was one. TCP needs no such help: its connections end.
 */
export function staleFlows(before: readonly Publication[], after: readonly Publication[]): (readonly string[])[] {
  const isUdp = ({ protocol }: Publication): boolean => protocol === 'udp';
  const previous = new Map(before.filter(isUdp).map((one) => [one.published, one]));
  const now = new Map(after.filter(isUdp).map((one) => [one.published, one]));
  const port = (published: number): string[] => ['-D', '-p', 'udp', '--orig-port-dst', String(published)];
  const stale: (readonly string[])[] = [];
  for (const { published, backends } of now.values()) {
    const old = previous.get(published);
    const appeared = backends.length > 0 && (old?.backends.length ?? 0) === 0;
    if (appeared) stale.push(port(published));
    else for (const gone of missing(old, backends)) stale.push([...port(published), '--reply-src', gone]);
  }
  for (const { published } of previous.values()) if (!now.has(published)) stale.push(port(published));
  return stale;
}

const missing = (old: Publication | undefined, backends: readonly string[]): string[] =>
  (old?.backends ?? []).filter((address) => !backends.includes(address));

/** Deletes the flows. `conntrack` ends with 1 where there were none: that is no fault. False: it does not run here. */
export async function forgetFlows(
  exec: Exec,
  flows: readonly (readonly string[])[],
  signal?: AbortSignal,
): Promise<boolean> {
  for (const args of flows) {
    const { code } = await exec('conntrack', args, { timeoutMs: 10_000, ...(signal && { signal }) });
    if (code === -1) return false;
  }
  return true;
}
