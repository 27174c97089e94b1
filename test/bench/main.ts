import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeTinyImage } from '../support/image.ts';
import { apiFigures } from './api.ts';
import type { Bench, Sizes, Tell } from './bench.ts';
import { bytesThrough } from './bytes.ts';
import { downAll, loadImage, swarmCluster, tuttiCluster } from './cluster.ts';
import { convergence, round } from './convergence.ts';
import { benchDirectory } from './directory.ts';
import { doorFigures } from './door.ts';
import { endpointsOf200 } from './endpoints.ts';
import { failures } from './failures.ts';
import { followers } from './followers.ts';
import { footprints } from './footprints.ts';
import { networkFigures } from './network.ts';
import { names } from './resolver.ts';
import { type BenchResult, line, missed } from './result.ts';
import { isRollingWay, rolling, rollingWays } from './rolling.ts';
import { run as schedule } from './schedule.ts';
import { throughput } from './throughput.ts';

/** A part that needs no cluster or makes its own, or one over the two clusters of the run. */
type Part =
  | { readonly about: string; readonly alone: (sizes: Sizes, tell: Tell) => Promise<void> }
  | { readonly about: string; readonly clustered: (bench: Bench, tell: Tell) => Promise<void> };

const parts: Readonly<Record<string, Part>> = {
  schedule: {
    about: 'placements per second into the store, 1,000 nodes',
    alone: async (_, tell) => (await schedule()).forEach(tell),
  },
  network: {
    about: 'requests through virtual addresses and published ports, changes of endpoints with 1,000 services',
    alone: async ({ runs }, tell) => {
      await networkFigures(runs, tell);
      await endpointsOf200(tell);
    },
  },
  door: {
    about: 'requests through the front door, beside HAProxy configured by hand',
    alone: async ({ runs }, tell) => (await doorFigures(runs)).forEach(tell),
  },
  converge: {
    about: "10, 30, 100 replicas until they run, and their removal, beside Swarm and the engines' own API",
    clustered: (bench, tell) => convergence(bench, false, tell),
  },
  overlay: {
    about: 'the same on an overlay network',
    clustered: (bench, tell) => convergence(bench, true, tell),
  },
  failure: { about: 'a node powered off, cut off, slow; a crashed container', clustered: failures },
  api: {
    about: "Docker's API over the cluster: inspect, lists",
    clustered: async (bench, tell) => void (await apiFigures(bench, tell)),
  },
  bytes: {
    about: 'through exec, logs and cp, to and from another node, beside the engine itself; what the daemons grow by it',
    clustered: async ({ tutti, image, mebibytes }, tell) =>
      (await bytesThrough({ tutti, image, bytes: mebibytes * 2 ** 20 })).forEach(tell),
  },
  followers: {
    about: '500 of a log and of events: what they lose, what the daemons grow',
    clustered: async ({ tutti, image, seconds }, tell) =>
      (await followers({ tutti, image, count: 500, seconds })).forEach(tell),
  },
  throughput: {
    about: "TCP between containers of two nodes, beside a plain VXLAN device and Swarm's overlay",
    clustered: async (bench, tell) => (await throughput(bench)).forEach(tell),
  },
  resolver: {
    about: "a service's name asked for in a container, beside Docker's own resolver in Swarm mode (needs dnsperf)",
    clustered: names,
  },
  rolling: {
    about:
      'an update of 10 replicas while they are asked 500 times a second, by virtual address, published port and front door',
    clustered: rolling,
  },
  footprint: {
    about: 'memory and processor time of manager, agent and resolver, idle with 3 nodes and 100 tasks',
    clustered: footprints,
  },
};

const usage = `npm run bench [-- NAME...] [-- --runs N] [--replicas N,N] [--containers N] [--mebibytes N] [--seconds N] [--ways NAME,NAME]

${Object.entries(parts)
  .map(([name, { about }]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}

Without names: all. --runs: rounds of each, 3. --replicas: other numbers than 10,30,100 for converge and overlay. --containers: in the
lists of api, 1000. --mebibytes: through each of bytes, 1024. --seconds: of followers, 60 (the figure is for 600). --ways: of rolling, virtual,published,door. Needs root and what
'npm run setup' installs. Figures are ratios within this one run: the machine may be slow. Ctrl-C removes what was made.`;

/** Two clusters of three nodes with one image, and the work over them. */
async function withClusters(sizes: Sizes, work: (bench: Bench) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const archive = join(await benchDirectory(), 'tiny.tar');
  const { tag } = await writeTinyImage(archive);
  stack.defer(downAll);
  const tutti = await tuttiCluster('bench-tutti');
  stack.defer(() => tutti.down());
  const swarm = await swarmCluster('bench-swarm');
  stack.defer(() => swarm.down());
  const image = await loadImage(tutti, archive, tag);
  await loadImage(swarm, archive, tag);
  const bench = { tutti, swarm, image, ...sizes };
  // The first containers of an engine, and the first of a process, take longer than all that follow.
  await round(bench, 6, false, [1]);
  await work(bench);
}

interface Asked {
  readonly help: boolean;
  readonly names: readonly string[];
  readonly sizes: Sizes;
}

/** The command line, or what is wrong with it. */
function asked(args: readonly string[]): Asked | string {
  const text = { type: 'string' } as const;
  const options = {
    runs: { ...text, default: '3' },
    replicas: { ...text, default: '10,30,100' },
    containers: { ...text, default: '1000' },
    mebibytes: { ...text, default: '1024' },
    seconds: { ...text, default: '60' },
    ways: { ...text, default: rollingWays.join(',') },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
    if (unknown.length > 0) return `no benchmark is called ${unknown.join(', ')}`;
    const ways = values.ways.split(',');
    if (!ways.every(isRollingWay)) return `--ways ${values.ways}: some of ${rollingWays.join(', ')}`;
    const numbers = {
      runs: Number(values.runs),
      replicas: values.replicas.split(',').map(Number),
      containers: Number(values.containers),
      mebibytes: Number(values.mebibytes),
      seconds: Number(values.seconds),
    };
    if (
      !Object.values(numbers)
        .flat()
        .every((count) => count >= 1)
    )
      return 'numbers are 1 and above';
    const named = positionals.length > 0 ? positionals : Object.keys(parts);
    return { help: values.help, names: named, sizes: { ...numbers, ways } };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function measure(names: readonly string[], sizes: Sizes, tell: Tell): Promise<void> {
  const wanted = names.flatMap((name) => parts[name] ?? []);
  for (const part of wanted) if ('alone' in part) await part.alone(sizes, tell);
  const clustered = wanted.flatMap((part) => ('clustered' in part ? part.clustered : []));
  if (clustered.length === 0) return;
  await withClusters(sizes, async (bench) => {
    for (const part of clustered) await part(bench, tell);
  });
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = asked(args);
  if (typeof wanted === 'string') {
    console.error(`${wanted}\n\n${usage}`);
    return 2;
  }
  if (wanted.help) {
    console.log(usage);
    return 0;
  }
  const load = loadavg().map((each) => each.toFixed(1));
  console.log(`node ${process.version}, load ${load.join(' ')}`);
  const results: BenchResult[] = [];
  await measure(wanted.names, wanted.sizes, (result) => {
    results.push(result);
    console.log(line(result));
  });
  const missing = missed(results);
  const bounds = results.filter((result) => result.limit).length;
  console.log(`\n${bounds - missing.length} of ${bounds} bounds kept`);
  for (const result of missing) console.log(line(result));
  return missing.length > 0 ? 1 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.error('removing the clusters');
    void downAll().finally(() => process.exit(130));
  });
}

process.exitCode = await main(process.argv.slice(2));
