import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { TuttiError } from '../model/errors.ts';
import type { Bases, ClusterLayout } from './layout.ts';

const nodeState = z.object({
  name: z.string().regex(/^node[0-9]{1,3}$/),
  address: z.ipv4(),
  role: z.enum(['manager', 'worker']),
});

const clusterState = z.object({
  version: z.literal(1),
  name: z.string(),
  /** The third octet of 10.99.N.0/24. */
  subnet: z.int().min(0).max(255),
  /** Whether nodes run Tutti's daemons, or an engine only. */
  agents: z.boolean(),
  nat: z.boolean(),
  /** Nodes have an IPv6 address each, too. */
  ipv6: z.boolean().optional(),
  /** What `net.ipv4.ip_forward` was before address translation was turned on. */
  forwardingBefore: z.string().optional(),
  /** Directory with the dockerd to use, put first on PATH. */
  enginePath: z.string().optional(),
  engineArguments: z.array(z.string()).readonly(),
  nodes: z.array(nodeState).readonly(),
});

/** What any later process must know to act on the cluster; the rest follows from the names. */
export type ClusterState = Readonly<z.infer<typeof clusterState>>;
export type NodeState = Readonly<z.infer<typeof nodeState>>;

export async function writeState(cluster: ClusterLayout, state: ClusterState): Promise<void> {
  await mkdir(dirname(cluster.stateFile), { recursive: true });
  const next = `${cluster.stateFile}.new`;
  await writeFile(next, `${JSON.stringify(state, null, 2)}\n`);
  await rename(next, cluster.stateFile);
}

/** The state; undefined when there is no such cluster. @throws TuttiError `corrupt` when the file makes no sense. */
export async function findState(cluster: ClusterLayout): Promise<ClusterState | undefined> {
  const text = await readFile(cluster.stateFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return clusterState.parse(JSON.parse(text));
  } catch (cause) {
    throw new TuttiError(
      'corrupt',
      `${cluster.stateFile} does not describe a cluster; 'tutti dev down --name ${cluster.name}' removes it`,
      { cause },
    );
  }
}

/** @throws TuttiError `not-found` when there is no such cluster. */
export async function readState(cluster: ClusterLayout): Promise<ClusterState> {
  const state = await findState(cluster);
  if (state === undefined) {
    const others = await clusterNames({ dataDirectory: dirname(cluster.data) });
    const remedy = others.length > 0 ? `there is --name ${others.join(', --name ')}` : "'tutti dev up' makes one";
    throw new TuttiError('not-found', `no development cluster '${cluster.name}'; ${remedy}`);
  }
  return state;
}

/** The node of this name. @throws TuttiError `not-found`, saying which there are. */
export function nodeNamed(state: ClusterState, name: string): NodeState {
  const node = state.nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  const names = state.nodes.map((candidate) => candidate.name).join(', ');
  throw new TuttiError('not-found', `cluster '${state.name}' has no node '${name}'; it has ${names}`);
}

/** Names of the clusters that have data here, finished or not. */
export async function clusterNames(bases: Pick<Bases, 'dataDirectory'>): Promise<readonly string[]> {
  const entries = await readdir(bases.dataDirectory, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();
}
