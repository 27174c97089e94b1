import { mkdir } from 'node:fs/promises';
import { makeDaemonGroup, mountedHierarchies } from '../cgroup.ts';
import { down } from '../down.ts';
import { startEngine } from '../engine.ts';
import { layoutCluster, layoutNode } from '../layout.ts';
import type { Bases, EngineLayout } from '../layout.ts';
import type { MachinePorts } from '../machine.ts';
import { insideNode, makeNamespaces, makePins, sharedNetwork } from '../namespace.ts';

/** Without a network of its own, and without touching this machine's: builds use it as it is. */
const hostNetworkOnly = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];

/**
 * Runs `work` with an engine in this machine's network that exists only for it; the engine and all it has are removed
 * after. What a run that was killed left behind is removed first. Only one at a time.
 */
export async function withBuilder<T>(
  ports: MachinePorts,
  bases: Bases,
  signal: AbortSignal | undefined,
  work: (endpoint: string, engine: EngineLayout) => Promise<T>,
): Promise<T> {
  const cluster = layoutCluster('builder', bases);
  const node = layoutNode(cluster, 'node0');
  await down(ports.exec, cluster);
  try {
    await mkdir(cluster.run, { recursive: true });
    await makePins(ports.exec, cluster);
    await makeNamespaces(ports.exec, cluster, node, sharedNetwork, 'keep', signal);
    await startEngine(ports.spawn, {
      engine: node.engine,
      cgroup: node.cgroup,
      prefix: insideNode(node, sharedNetwork, await makeDaemonGroup(await mountedHierarchies(), node.cgroup)),
      path: ports.path,
      extra: hostNetworkOnly,
      signal,
    });
    return await work(`unix://${node.engine.socket}`, node.engine);
  } finally {
    await down(ports.exec, cluster);
  }
}
