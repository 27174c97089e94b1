import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Exec } from '../platform/exec.ts';
import type { ClusterLayout, NodeLayout } from './layout.ts';
import { attempt, run } from './run.ts';

const prepareScript = fileURLToPath(new URL('prepare.sh', import.meta.url));
const enterScript = fileURLToPath(new URL('enter.sh', import.meta.url));

/** Makes the directory that namespaces are pinned in: a mount of its own that is not shared, as the kernel demands. */
export async function makePins(exec: Exec, cluster: ClusterLayout): Promise<void> {
  await mkdir(cluster.pins, { recursive: true });
  await run(exec, ['mount', '--bind', cluster.pins, cluster.pins]);
  await run(exec, ['mount', '--make-private', cluster.pins]);
}

export async function removePins(exec: Exec, cluster: ClusterLayout): Promise<void> {
  while (await attempt(exec, ['umount', cluster.pins])) {
    // As often as it is mounted: an `up` that was cut short may have been tried again.
  }
}

/** The path of the network namespace that this process is in. */
export const sharedNetwork = '/proc/self/ns/net';

/** Makes the node's mount and host name namespaces; `network` is the path of its network namespace. */
export async function makeNamespaces(
  exec: Exec,
  cluster: ClusterLayout,
  node: NodeLayout,
  network: string,
  nameserver: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const pin of [node.mountPin, node.hostnamePin]) await writeFile(pin, '');
  await mkdir(node.data, { recursive: true });
  const unshare = ['unshare', `--mount=${node.mountPin}`, `--uts=${node.hostnamePin}`, '--propagation', 'slave'];
  const sharing = network === sharedNetwork ? 'shared' : 'own';
  const prepare = ['sh', prepareScript, node.data, node.run, cluster.run, node.name, nameserver, sharing];
  const argv = ['nsenter', `--net=${network}`, ...unshare, ...prepare];
  await run(exec, argv, { ...(signal && { signal }) });
}

/** Removes the pins; with the last process gone, the mounts of the node go with them. */
export async function removeNamespaces(exec: Exec, node: NodeLayout): Promise<void> {
  for (const pin of [node.mountPin, node.hostnamePin]) {
    await attempt(exec, ['umount', pin]);
    await rm(pin, { force: true });
  }
}

/** What goes before a command to run it as a process of the node: in its namespaces and its control group. */
export function insideNode(node: NodeLayout, network: string, daemonGroup: string | undefined): readonly string[] {
  const namespaces = [`--net=${network}`, `--mount=${node.mountPin}`, `--uts=${node.hostnamePin}`];
  return ['sh', enterScript, daemonGroup ?? '-', 'nsenter', ...namespaces, '--'];
}
