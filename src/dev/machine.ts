import { rm } from 'node:fs/promises';
import type { Exec } from '../platform/exec.ts';
import { killGroup, makeDaemonGroup, mountedHierarchies, removeGroup } from './cgroup.ts';
import { startEngine } from './engine.ts';
import { netnsPath } from './layout.ts';
import type { ClusterLayout, NodeLayout } from './layout.ts';
import { plugIn, processesIn, removeNamespace, setLink, unplug } from './links.ts';
import { insideNode, makeNamespaces, removeNamespaces } from './namespace.ts';
import type { Spawn } from './spawn.ts';
import type { ClusterState, NodeState } from './state.ts';
import { switchAddress, uplinkAddress } from './subnet.ts';

/** What acting on the machine needs. */
export interface MachinePorts {
  readonly exec: Exec;
  readonly spawn: Spawn;
  /** PATH for the daemons. */
  readonly path: string;
}

/** Switches a node on: its network, its namespaces, its engine. Returns how to run a command in it. */
export async function bootNode(
  ports: MachinePorts,
  cluster: ClusterLayout,
  state: ClusterState,
  node: NodeLayout & Pick<NodeState, 'address'>,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const gateway = state.nat ? uplinkAddress(state.subnet) : switchAddress(state.subnet);
  await plugIn(ports.exec, cluster, node, { address: node.address, gateway, ipv6: state.ipv6 === true });
  const network = netnsPath(node.namespace);
  await makeNamespaces(ports.exec, cluster, node, network, state.nat ? 'keep' : switchAddress(state.subnet), signal);
  const inside = insideNode(node, network, await makeDaemonGroup(await mountedHierarchies(), node.cgroup));
  await startEngine(ports.spawn, {
    engine: node.engine,
    cgroup: node.cgroup,
    prefix: inside,
    path: state.enginePath === undefined ? ports.path : `${state.enginePath}:${ports.path}`,
    extra: state.engineArguments,
    signal,
  });
  return inside;
}

/**
 * Takes a node's power: first its link, so that no peer hears a farewell, then everything in it at one moment. What it
 * had in memory (processes, mounts, interfaces, rules, /run) is gone, what it had on disk stays. Works on a node that
 * is off, or only half there.
 */
export async function haltNode(exec: Exec, cluster: ClusterLayout, node: NodeLayout): Promise<void> {
  await setLink(exec, cluster, node, 'down');
  const hierarchies = await mountedHierarchies();
  await killGroup(hierarchies, node.cgroup, async () => await processesIn(exec, node.namespace));
  await unplug(exec, cluster, node);
  await removeNamespaces(exec, node);
  await removeNamespace(exec, node.namespace);
  await removeGroup(hierarchies, node.cgroup);
  await rm(node.run, { recursive: true, force: true });
}
