import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

/** One mounted cgroup hierarchy: the single one of version 2, or one of version 1's. */
export interface Hierarchy {
  readonly mount: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
}

const unescape = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The hierarchies that `/proc/self/mountinfo` lists (format: proc(5)). */
export function parseHierarchies(mountinfo: string): readonly Hierarchy[] {
  return mountinfo.split('\n').flatMap((line): readonly Hierarchy[] => {
    const [before = '', after = ''] = line.split(' - ');
    const mount = unescape(before.split(' ')[4] ?? '');
    const [type = '', , options = ''] = after.split(' ');
    if (type === 'cgroup2') return [{ mount, version: 2, controllers: [] }];
    if (type !== 'cgroup') return [];
    return [{ mount, version: 1, controllers: options.split(',').filter((option) => !/^(rw|ro)$/.test(option)) }];
  });
}

/**
 * Where the daemons of a node are kept together: in version 1's freezer, which can stop them all at one moment, else in
 * version 2's, which can kill them so.
 */
export function trackingHierarchy(hierarchies: readonly Hierarchy[]): Hierarchy | undefined {
  return (
    hierarchies.find((hierarchy) => hierarchy.controllers.includes('freezer')) ??
    hierarchies.find((hierarchy) => hierarchy.version === 2) ??
    hierarchies[0]
  );
}

export async function mountedHierarchies(): Promise<readonly Hierarchy[]> {
  return parseHierarchies(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Makes a node's group for daemons, beside those that its engine makes for containers; returns the file to join by. */
export async function makeDaemonGroup(hierarchies: readonly Hierarchy[], cgroup: string): Promise<string | undefined> {
  const tracking = trackingHierarchy(hierarchies);
  if (tracking === undefined) return undefined;
  const path = join(tracking.mount, cgroup, 'daemons');
  await mkdir(path, { recursive: true });
  return join(path, 'cgroup.procs');
}

/** Directories of the group and all below it, the deepest first. */
async function groupsUnder(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(async (entry) => await groupsUnder(join(path, entry.name))),
  );
  return [...below.flat(), path];
}

/** Every process in the group, in any hierarchy. */
export async function processesOf(hierarchies: readonly Hierarchy[], cgroup: string): Promise<readonly number[]> {
  const groups = await Promise.all(
    hierarchies.map(async (hierarchy) => await groupsUnder(join(hierarchy.mount, cgroup))),
  );
  const lists = await Promise.all(
    groups.flat().map(async (group) => await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')),
  );
  const pids = lists.flatMap((list) => list.split('\n').filter((pid) => pid !== ''));
  // 0: a process of another process namespace, which shows under its own number where it can be seen.
  return [...new Set(pids.map(Number))].filter((pid) => pid > 0);
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
};

const say = async (file: string, text: string): Promise<void> => await writeFile(file, text).catch(() => undefined);

/**
 * Kills every process in the group, and what `others` finds, at one moment: nothing of it runs while the rest dies.
 * @throws TuttiError `deadline-exceeded` when something cannot be killed.
 */
export async function killGroup(
  hierarchies: readonly Hierarchy[],
  cgroup: string,
  others: () => Promise<readonly number[]>,
): Promise<void> {
  const freezer = hierarchies.find((hierarchy) => hierarchy.controllers.includes('freezer'));
  const freeze = freezer === undefined ? undefined : join(freezer.mount, cgroup, 'freezer.state');
  if (freeze !== undefined) await say(freeze, 'FROZEN');
  for (const { mount, version } of hierarchies) {
    if (version === 2) await say(join(mount, cgroup, 'cgroup.kill'), '1');
  }
  const everyone = async (): Promise<readonly number[]> => {
    const found = [...(await processesOf(hierarchies, cgroup)), ...(await others())];
    return found.filter((pid) => pid !== process.pid);
  };
  for (const pid of await everyone()) kill(pid);
  if (freeze !== undefined) await say(freeze, 'THAWED');
  const gone = async (): Promise<true | undefined> => {
    const left = await everyone();
    for (const pid of left) kill(pid);
    return left.length === 0 ? true : undefined;
  };
  await waitFor(gone, { what: `the processes of ${cgroup} to die`, deadlineMs: 20_000 });
}

/** Removes the group from every hierarchy. Nothing happens where it is not. */
export async function removeGroup(hierarchies: readonly Hierarchy[], cgroup: string): Promise<void> {
  const removed = async (path: string): Promise<true | undefined> => {
    for (const group of await groupsUnder(path)) await rmdir(group).catch(() => undefined);
    return (await readdir(path).catch(() => undefined)) === undefined ? true : undefined;
  };
  for (const { mount } of hierarchies) {
    const path = join(mount, cgroup);
    await waitFor(async () => await removed(path), {
      what: `the control group ${path} to be empty`,
      deadlineMs: 10_000,
    });
  }
}
