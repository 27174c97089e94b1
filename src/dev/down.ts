import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Exec } from '../platform/exec.ts';
import { mountedHierarchies, removeGroup } from './cgroup.ts';
import { layoutNode } from './layout.ts';
import type { ClusterLayout } from './layout.ts';
import { removeNamespace, removeUplink } from './links.ts';
import { haltNode } from './machine.ts';
import { removePins } from './namespace.ts';
import { removeNat } from './nat.ts';
import { attempt, run } from './run.ts';
import { findState } from './state.ts';
import type { ClusterState } from './state.ts';

/**
 * Removes a cluster and everything that it made, running or not, whole or half made, also when its state is lost.
 * False: there was nothing.
 */
export async function down(exec: Exec, cluster: ClusterLayout): Promise<boolean> {
  const state = await findState(cluster).catch(() => undefined);
  const names = await nodeNames(exec, cluster, state);
  if (names === undefined) return false;
  await Promise.all(names.map(async (name) => await haltNode(exec, cluster, layoutNode(cluster, name))));
  await removeNamespace(exec, cluster.switchNamespace);
  if (state !== undefined) {
    await removeUplink(exec, state.subnet);
    await removeNat(exec, cluster, state);
  }
  await removePins(exec, cluster);
  await removeGroup(await mountedHierarchies(), cluster.cgroup);
  // Never across a mount: what is mounted inside is not ours to delete.
  await run(exec, ['rm', '-rf', '--one-file-system', cluster.run, cluster.data], { timeoutMs: 300_000 });
  // The parent too, unless there are other clusters.
  for (const directory of [cluster.run, cluster.data]) await attempt(exec, ['rmdir', dirname(directory)]);
  return true;
}

/** `down`, begun again when it fails: an impatient Ctrl-C ends the programs that do the removing, too. */
export async function downAfterAll(exec: Exec, cluster: ClusterLayout): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await down(exec, cluster);
    } catch (cause) {
      if (tries === 3) throw cause;
    }
  }
}

/** The nodes that the state lists and those that left a directory or a namespace behind; undefined: none ever was. */
async function nodeNames(
  exec: Exec,
  cluster: ClusterLayout,
  state: ClusterState | undefined,
): Promise<readonly string[] | undefined> {
  const directories = await Promise.all(
    [cluster.data, cluster.run].map(async (path) => await readdir(path).catch(() => undefined)),
  );
  if (state === undefined && directories.every((entries) => entries === undefined)) return undefined;
  const prefix = layoutNode(cluster, '').namespace;
  const { stdout } = await exec('ip', ['netns', 'list']);
  const namespaces = stdout.split(/\s+/).filter((namespace) => namespace.startsWith(prefix));
  const left = [
    ...directories.flatMap((entries) => entries ?? []),
    ...namespaces.map((namespace) => namespace.slice(prefix.length)),
  ];
  const named = state?.nodes.map((node) => node.name) ?? [];
  return [...new Set([...named, ...left.filter((entry) => /^node[0-9]{1,3}$/.test(entry))])];
}
