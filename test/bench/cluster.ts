import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';
import { type ApiNode, type DockerEndpoint, dockerAt } from './docker.ts';

const run = promisify(execFile);
const tutti = new URL('../../tutti', import.meta.url).pathname;

export interface BenchNode {
  readonly name: string;
  readonly address: string;
  readonly engine: string;
}

/** A cluster under test: Tutti's, or Swarm's on engines of its own. */
export interface Cluster {
  readonly kind: 'tutti' | 'swarm';
  readonly nodes: readonly BenchNode[];
  readonly docker: DockerEndpoint;
  /** `unix://…` of it. */
  readonly endpoint: string;
  readonly engines: readonly DockerEndpoint[];
  /** `dev` subcommand on a node: power-off, power-on, cut, heal. */
  fault(command: string, node: string): Promise<void>;
  /** Cuts a node's link for a span such as `1s`. @returns for how many milliseconds it was down at the most. */
  cutFor(node: string, span: string): Promise<number>;
  down(): Promise<void>;
}

const command = async (...args: readonly string[]): Promise<string> =>
  (await run(tutti, args, { maxBuffer: 16 << 20, timeout: 180_000 })).stdout;

/** Clusters that this process has asked for, by name, up or not yet. */
const asked = new Set<string>();

async function down(name: string): Promise<void> {
  await command('dev', 'down', '--name', name);
  asked.delete(name);
}

/** Ends of what is no cluster of `tutti dev`. */
const others = new Set<() => Promise<void>>();

/** Has an interrupted run end this as well; until it is disposed of. */
export function endedWithRun(end: () => Promise<void>): Disposable {
  others.add(end);
  return { [Symbol.dispose]: () => void others.delete(end) };
}

/** Removes whatever is left of what was started here. */
export async function downAll(): Promise<void> {
  await Promise.all([...[...asked].map(down), ...[...others].map(async (end) => await end())]);
}

async function devUp(
  name: string,
  nodes: number,
  extra: readonly string[],
): Promise<{ docker: string; nodes: BenchNode[] }> {
  asked.add(name);
  return JSON.parse(await command('dev', 'up', '--name', name, '--nodes', String(nodes), '--format', 'json', ...extra));
}

function devCluster(kind: Cluster['kind'], name: string, nodes: readonly BenchNode[], endpoint: string): Cluster {
  const docker = dockerAt(endpoint);
  const engines = nodes.map((node) => dockerAt(node.engine));
  return {
    kind,
    nodes,
    docker,
    endpoint,
    engines,
    fault: async (what, node) => {
      await command('dev', what, node, '--name', name);
    },
    cutFor: async (node, span) => {
      const said = await command('dev', 'cut', node, '--for', span, '--name', name, '--format', 'json');
      return (JSON.parse(said) as { readonly cutForMs: number }).cutForMs;
    },
    down: async () => {
      docker.close();
      for (const engine of engines) engine.close();
      await down(name);
    },
  };
}

export async function tuttiCluster(name: string, nodes = 3): Promise<Cluster> {
  const up = await devUp(name, nodes, []);
  return devCluster('tutti', name, up.nodes, up.docker);
}

/** Swarm mode over engines of the same kind, with one manager as the peer of our one. */
export async function swarmCluster(name: string, nodes = 3): Promise<Cluster> {
  const up = await devUp(name, nodes, ['--no-agents']);
  const first = up.nodes[0];
  if (!first) throw new Error('no node');
  const cluster = devCluster('swarm', name, up.nodes, first.engine);
  const addresses = (node: BenchNode) => ({
    ListenAddr: `${node.address}:2377`,
    AdvertiseAddr: `${node.address}:2377`,
    DataPathAddr: node.address,
  });
  await cluster.docker.call('POST', '/swarm/init', { ...addresses(first), Spec: {} });
  const { JoinTokens } = await cluster.docker.call<{ JoinTokens: { Worker: string } }>('GET', '/swarm');
  for (const [index, node] of up.nodes.entries()) {
    if (index === 0) continue;
    await cluster.engines[index]?.call('POST', '/swarm/join', {
      ...addresses(node),
      RemoteAddrs: [`${first.address}:2377`],
      JoinToken: JoinTokens.Worker,
    });
  }
  await nodesReady(cluster);
  return cluster;
}

export const nodesReady = (cluster: Cluster): Promise<readonly ApiNode[]> =>
  until(
    'all nodes are ready',
    () => cluster.docker.call<readonly ApiNode[]>('GET', '/nodes'),
    (list) => list.length === cluster.nodes.length && list.every((node) => node.Status.State === 'ready'),
    { deadlineMs: 120_000, everyMs: 50 },
  );

/** Loads the image archive into every engine; gives the id, the same everywhere, so that no registry is asked. */
export async function loadImage(cluster: Cluster, archive: string, tag: string): Promise<string> {
  const tar = await readFile(archive);
  const ids = await Promise.all(
    cluster.engines.map(async (engine) => {
      await engine.call('POST', '/images/load?quiet=1', tar);
      return (await engine.call<{ Id: string }>('GET', `/images/${tag}/json`)).Id;
    }),
  );
  const [id] = ids;
  if (!id || new Set(ids).size > 1) throw new Error(`image ids differ: ${ids.join(' ')}`);
  return id;
}
