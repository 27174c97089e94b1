import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { defaultBases, layoutCluster, layoutNode, netnsPath } from '../../src/dev/layout.ts';
import type { BenchNode, Cluster } from './cluster.ts';
import { median } from './result.ts';
import type { BenchResult } from './result.ts';

const run = promisify(execFile);

export interface ThroughputOptions {
  readonly tutti: Cluster;
  readonly swarm: Cluster;
  readonly image: string;
  readonly runs: number;
}

/** How to run a program in some network namespace. */
type Inside = readonly string[];
/** Two ends of a way, and the address of the second. */
interface Way {
  readonly from: Inside;
  readonly to: Inside;
  readonly address: string;
}

/** Short rounds by turns, so many for each of `--runs`: what else the machine does hits all alike. */
const seconds = 2;
const roundsOfRun = 3;
const network = 'bench-throughput';

const docker = async (endpoint: string, ...args: readonly string[]): Promise<string> =>
  (await run('docker', ['--host', endpoint, ...args], { timeout: 60_000 })).stdout.trim();

const command = async (inside: Inside, ...words: readonly string[]): Promise<string> => {
  const [file = '', ...args] = [...inside, ...words];
  return (await run(file, args, { timeout: 60_000 })).stdout;
};

/** One TCP connection for some seconds, in Gbit/s as received. */
async function rate({ from, to, address }: Way): Promise<number> {
  const [file, ...args] = [...to, 'iperf3', '-s', '-1', '--forceflush'];
  const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'close');
  try {
    await once(server.stdout, 'data');
    // What most distributions have by default: BBR's pacing is a matter of timers, and hides what the way costs.
    const text = await command(from, 'iperf3', '-c', address, '-t', String(seconds), '-C', 'cubic', '-J');
    const { end } = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } };
    return end.sum_received.bits_per_second / 1e9;
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

/** A container on each of two nodes, on a network that spans them. */
async function containers(cluster: Cluster, image: string): Promise<Way & AsyncDisposable> {
  const { endpoint, nodes, kind } = cluster;
  const [one, two] = nodes as readonly [BenchNode, BenchNode];
  await docker(endpoint, 'network', 'create', '-d', 'overlay', '--attachable', network);
  const names = ['bench-from', 'bench-to'] as const;
  const of = async (node: BenchNode, name: string): Promise<Inside> => {
    const hint = kind === 'tutti' ? ['-e', `constraint:node==${node.name}`] : [];
    const through = kind === 'tutti' ? endpoint : node.engine;
    await docker(through, 'run', '-d', '--name', name, ...hint, '--network', network, image, 'sleep', '100000');
    return ['nsenter', '-t', await docker(node.engine, 'inspect', '-f', '{{.State.Pid}}', name), '-n'];
  };
  const from = await of(one, names[0]);
  const to = await of(two, names[1]);
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const address = await docker(two.engine, 'inspect', '-f', format, names[1]);
  return {
    from,
    to,
    address,
    [Symbol.asyncDispose]: async () => {
      await docker(one.engine, 'rm', '-f', names[0]);
      await docker(two.engine, 'rm', '-f', names[1]);
      await docker(endpoint, 'network', 'rm', network);
    },
  };
}

/** A plain VXLAN device between the same two nodes, as anyone would make it by hand. */
async function plainDevice(cluster: string, { nodes }: Cluster): Promise<Way & AsyncDisposable> {
  const layout = layoutCluster(cluster, defaultBases);
  const [one, two] = nodes as readonly [BenchNode, BenchNode];
  const inside = ({ name }: BenchNode): Inside => ['nsenter', `--net=${netnsPath(layoutNode(layout, name).namespace)}`];
  const device = 'benchplain';
  for (const [node, peer, address] of [
    [one, two, '192.168.77.1'],
    [two, one, '192.168.77.2'],
  ] as const) {
    const ends = ['local', node.address, 'remote', peer.address, 'dstport', '4799'];
    await command(inside(node), 'ip', 'link', 'add', device, 'type', 'vxlan', 'id', '77', ...ends);
    await command(inside(node), 'ip', 'addr', 'add', `${address}/24`, 'dev', device);
    await command(inside(node), 'ip', 'link', 'set', device, 'mtu', '1450', 'up');
  }
  return {
    from: inside(one),
    to: inside(two),
    address: '192.168.77.2',
    [Symbol.asyncDispose]: async () => {
      for (const node of [one, two]) await command(inside(node), 'ip', 'link', 'del', device);
    },
  };
}

/** Container to container over nodes, TCP, beside a plain VXLAN device and Swarm's overlay, by turns. */
export async function throughput({ tutti, swarm, image, runs }: ThroughputOptions): Promise<readonly BenchResult[]> {
  await using plain = await plainDevice('bench-tutti', tutti);
  await using ours = await containers(tutti, image);
  await using theirs = await containers(swarm, image);
  const rounds: { readonly plain: number; readonly ours: number; readonly theirs: number }[] = [];
  for (let round = 0; round < runs * roundsOfRun; round += 1) {
    rounds.push({ plain: await rate(plain), ours: await rate(ours), theirs: await rate(theirs) });
  }
  const of = (key: 'plain' | 'ours' | 'theirs'): string => rounds.map((round) => round[key].toFixed(2)).join(' ');
  const detail = `(Tutti ${of('ours')}, plain VXLAN ${of('plain')}, Swarm ${of('theirs')} Gbit/s)`;
  return [
    {
      name: 'container to container over nodes, TCP, ratio to a plain VXLAN device',
      value: median(rounds.map((round) => round.ours / round.plain)),
      unit: '×',
      limit: { kind: 'at least', value: 0.9 },
      detail,
    },
    {
      name: "container to container over nodes, TCP, ratio to Swarm's overlay",
      value: median(rounds.map((round) => round.ours / round.theirs)),
      unit: '×',
      limit: { kind: 'at least', value: 1 },
    },
  ];
}
