import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyImage } from '../support/image.ts';
import { type Cluster, loadImage, swarmCluster, tuttiCluster } from './cluster.ts';
import { apiFigures } from './api.ts';
import { bytesThrough } from './bytes.ts';
import { type Convergence, converge, floor } from './converge.ts';
import { crash, nodeLoss, restartTime, slowNode, startTime } from './failure.ts';
import { followers } from './followers.ts';
import { footprint, processes } from './footprint.ts';
import { type BenchResult, line, median, missed } from './result.ts';
import { networkFigures } from './network.ts';
import { run as schedule } from './schedule.ts';
import { throughput } from './throughput.ts';

const usage = `npm run bench [-- NAME...] [-- --runs N] [--replicas N,N] [--containers N] [--mebibytes N] [--seconds N]

  schedule    placements per second into the store, 1,000 nodes
  converge    10, 30, 100 replicas until they run, and their removal, beside Swarm and the engines' own API
  overlay     the same on an overlay network
  failure     a node powered off, cut off, slow; a crashed container
  api         Docker's API over the cluster: inspect, lists
  bytes       through exec, logs and cp, to and from another node, beside the engine itself; what the daemons grow by it
  followers   500 of a log and of events: what they lose, what the daemons grow
  throughput  TCP between containers of two nodes, beside a plain VXLAN device and Swarm's overlay
  network     requests through virtual addresses and published ports, changes of endpoints with 1,000 services
  footprint   memory and processor time of manager, agent and resolver, idle with 3 nodes and 100 tasks

Without names: all. --containers: in the lists of api, 1000. --mebibytes: through each of bytes, 1024. --seconds: of followers, 60 (the figure is for 600). --replicas: other numbers than 10,30,100 for converge and overlay. Needs root and what 'npm run setup' installs. Figures are ratios within this one run: the machine may be slow.`;

interface Bench {
  readonly tutti: Cluster;
  readonly swarm: Cluster;
  readonly image: string;
  readonly runs: number;
  /** Of the services of `converge` and `overlay`. */
  readonly sizes: readonly number[];
  /** In the lists of `api`. */
  readonly containers: number;
  /** Of `bytes`. */
  readonly mebibytes: number;
  /** Of `followers`. */
  readonly seconds: number;
}

/** One round of everything, one after the other: what the machine does meanwhile hits all alike. */
interface Round {
  readonly tutti: Convergence;
  readonly swarm: Convergence;
  /** The engines' own API, by how many containers are asked of an engine at once. */
  readonly engines: readonly Convergence[];
}

const concurrencies = [1, 2, 4] as const;

async function round(bench: Bench, size: number, overlay: boolean, at: readonly number[]): Promise<Round> {
  const tutti = await converge(bench.tutti, bench.image, size, overlay);
  const swarm = await converge(bench.swarm, bench.image, size, overlay);
  const engines: Convergence[] = [];
  for (const many of at) engines.push(await floor(bench.tutti, bench.image, size, many, overlay));
  return { tutti, swarm, engines };
}

async function convergence(bench: Bench, overlay: boolean): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  for (const size of bench.sizes) {
    const rounds: Round[] = [];
    for (let run = 0; run < bench.runs; run++) rounds.push(await round(bench, size, overlay, concurrencies));
    const added = convergenceResults(`${size} replicas${overlay ? ' on an overlay network' : ''}`, overlay, rounds);
    for (const result of added) console.log(line(result));
    results.push(...added);
  }
  return results;
}

function convergenceResults(what: string, overlay: boolean, rounds: readonly Round[]): readonly BenchResult[] {
  const byConcurrency = (index: number): number => median(rounds.map(({ engines }) => engines[index]?.all ?? 0));
  const best = concurrencies.map((_, index) => index).toSorted((a, b) => byConcurrency(a) - byConcurrency(b))[0] ?? 0;
  const engineOf = ({ engines }: Round): Convergence => engines[best] ?? { all: 0, first: 0, removal: 0 };
  const ratio = (one: (round: Round) => number, other: (round: Round) => number): number =>
    median(rounds.map((each) => one(each) / other(each)));
  const figures = (key: keyof Convergence): string => {
    const of = (get: (round: Round) => Convergence): string =>
      String(Math.round(median(rounds.map((each) => get(each)[key]))));
    const engines = `engines ${of(engineOf)} ms at ${concurrencies[best]} each`;
    return `(Tutti ${of(({ tutti }) => tutti)} ms, Swarm ${of(({ swarm }) => swarm)} ms, ${engines})`;
  };
  const removal: BenchResult = {
    name: `${what}: removal, ratio to Swarm`,
    value: ratio(
      ({ tutti }) => tutti.removal,
      ({ swarm }) => swarm.removal,
    ),
    unit: '×',
    limit: { kind: 'at most', value: 0.5 },
    detail: figures('removal'),
  };
  if (overlay) {
    const value = ratio(
      ({ tutti }) => tutti.all,
      ({ swarm }) => swarm.all,
    );
    const name = `${what}: time to run, ratio to Swarm`;
    return [{ name, value, unit: '×', limit: { kind: 'at most', value: 0.6 }, detail: figures('all') }, removal];
  }
  return [
    {
      name: `${what}: time to run, ratio to the engines' own API`,
      value: ratio(
        ({ tutti }) => tutti.all,
        (each) => engineOf(each).all,
      ),
      unit: '×',
      limit: { kind: 'at most', value: 1.25 },
      detail: figures('all'),
    },
    {
      name: `${what}: first one running`,
      value: median(rounds.map(({ tutti }) => tutti.first)),
      unit: 'ms',
      limit: { kind: 'at most', value: 400 },
      detail: figures('first'),
    },
    removal,
  ];
}

async function failures(bench: Bench): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  const add = (result: BenchResult): void => {
    results.push(result);
    console.log(line(result));
  };
  const several = async (measure: () => Promise<number>): Promise<readonly number[]> => {
    const values = [];
    for (let run = 0; run < bench.runs; run++) values.push(await measure());
    return values;
  };
  const listed = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(' ');
  for (const [fault, repair] of [
    ['power-off', 'power-on'],
    ['cut', 'heal'],
  ] as const) {
    const values = await several(() => nodeLoss(bench.tutti, bench.image, fault, repair));
    add({
      name: `node lost (${fault}): its tasks run elsewhere`,
      value: Math.max(...values),
      unit: 'ms',
      limit: { kind: 'at most', value: 5000 },
      detail: `(worst of ${listed(values)})`,
    });
  }
  add({
    name: 'node slow for a second: tasks replaced',
    value: await slowNode(bench.tutti, bench.image),
    unit: 'tasks',
    limit: { kind: 'at most', value: 0 },
  });
  const starts = await several(() => startTime(bench.tutti, bench.image));
  const crashes = await several(() => crash(bench.tutti, bench.image));
  const peers = await several(() => crash(bench.swarm, bench.image));
  const alone = await several(() => restartTime(bench.tutti, bench.image));
  add({
    name: "crashed container runs again, ratio to the engine's own create and start",
    value: median(crashes) / median(starts),
    unit: '×',
    limit: { kind: 'at most', value: 1.2 },
    detail: `(Tutti ${listed(crashes)} ms, engine ${listed(starts)} ms, Swarm ${listed(peers)} ms)`,
  });
  add({
    name: 'crashed container runs again, ratio to the engine alone: kill, create and start',
    value: median(crashes) / median(alone),
    unit: '×',
    detail: `(engine ${listed(alone)} ms)`,
  });
  return results;
}

async function footprints(bench: Bench): Promise<readonly BenchResult[]> {
  const { ID } = await bench.tutti.docker.call<{ ID: string }>(
    'POST',
    '/services/create',
    (await import('./docker.ts')).sleepers('bench-idle', bench.image, 100),
  );
  const { until } = await import('../support/until.ts');
  const { isRunning, tasksOf } = await import('./docker.ts');
  await until(
    '100 tasks run',
    () => tasksOf(bench.tutti.docker, ID),
    (tasks) => tasks.filter(isRunning).length === 100,
    { deadlineMs: 240_000 },
  );
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const managers = await processes('bin/manager.ts', 'bench-tutti');
  const agents = await processes('bin/agent.ts', 'bench-tutti');
  const resolvers = await processes('bin/resolver.ts', 'bench-tutti');
  const measure = (pids: readonly number[]) => Promise.all(pids.map((pid) => footprint(pid, 60)));
  const [manager, agent, resolver] = await Promise.all([measure(managers), measure(agents), measure(resolvers)]);
  await bench.tutti.docker.call('DELETE', `/services/${ID}`);
  const worst = (list: readonly { residentMb: number; cpu: number }[], key: 'residentMb' | 'cpu') =>
    Math.max(...list.map((x) => x[key]));
  const results: BenchResult[] = [
    {
      name: 'manager, idle, 3 nodes, 100 tasks: resident',
      value: worst(manager, 'residentMb'),
      unit: 'MB',
      limit: { kind: 'at most', value: 120 },
    },
    {
      name: 'manager, idle: processor',
      value: worst(manager, 'cpu'),
      unit: '% of a core',
      limit: { kind: 'at most', value: 1 },
    },
    {
      name: 'agent, idle: resident',
      value: worst(agent, 'residentMb'),
      unit: 'MB',
      limit: { kind: 'at most', value: 90 },
      detail: `(worst of ${agents.length})`,
    },
    {
      name: 'agent, idle: processor',
      value: worst(agent, 'cpu'),
      unit: '% of a core',
      limit: { kind: 'at most', value: 1 },
    },
    {
      name: 'resolver, idle: resident',
      value: worst(resolver, 'residentMb'),
      unit: 'MB',
      detail: `(worst of ${resolvers.length})`,
    },
    { name: 'resolver, idle: processor', value: worst(resolver, 'cpu'), unit: '% of a core' },
  ];
  for (const result of results) console.log(line(result));
  return results;
}

async function withClusters(
  sizes: Omit<Bench, 'tutti' | 'swarm' | 'image'>,
  work: (bench: Bench) => Promise<readonly BenchResult[]>,
): Promise<readonly BenchResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const archive = join(directory, 'tiny.tar');
  const { tag } = await writeTinyImage(archive);
  const tutti = await tuttiCluster('bench-tutti');
  stack.defer(() => tutti.down());
  const swarm = await swarmCluster('bench-swarm');
  stack.defer(() => swarm.down());
  const image = await loadImage(tutti, archive, tag);
  await loadImage(swarm, archive, tag);
  // The first containers of an engine, and the first of a process, take longer than all that follow.
  const bench = { tutti, swarm, image, ...sizes };
  await round(bench, 6, false, [1]);
  return await work(bench);
}

const printed = (results: readonly BenchResult[]): readonly BenchResult[] => {
  for (const result of results) console.log(line(result));
  return results;
};

const parts: Readonly<Record<string, (bench: Bench) => Promise<readonly BenchResult[]>>> = {
  converge: (bench) => convergence(bench, false),
  overlay: (bench) => convergence(bench, true),
  failure: failures,
  api: ({ tutti, swarm, image, containers }) =>
    apiFigures({ tutti, swarm, image, containers }, (result) => console.log(line(result))),
  bytes: async ({ tutti, image, mebibytes }) =>
    printed(await bytesThrough({ tutti, image, bytes: mebibytes * 2 ** 20 })),
  followers: async ({ tutti, image, seconds }) => printed(await followers({ tutti, image, count: 500, seconds })),
  throughput: async (bench) => printed(await throughput(bench)),
  footprint: footprints,
};

/** What needs no cluster, or makes its own. */
const alone: readonly string[] = ['schedule', 'network'];

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const names = args.filter((arg, index) => !arg.startsWith('--') && args[index - 1]?.startsWith('--') !== true);
  const option = (name: string, otherwise: string): readonly number[] =>
    (args[args.indexOf(name) + 1 || args.length] ?? otherwise).split(',').map(Number);
  const [runs = 0] = option('--runs', '3');
  const sizes = option('--replicas', '10,30,100');
  const [containers = 0] = option('--containers', '1000');
  const [mebibytes = 0] = option('--mebibytes', '1024');
  const [seconds = 0] = option('--seconds', '60');
  const unknown = names.filter((name) => !alone.includes(name) && !parts[name]);
  if (unknown.length > 0 || ![runs, containers, mebibytes, seconds, ...sizes].every((count) => count >= 1)) {
    console.error(unknown.length > 0 ? `no benchmark is called ${unknown.join(', ')}\n\n${usage}` : usage);
    return 2;
  }
  const wanted = names.length > 0 ? names : [...alone, ...Object.keys(parts)];
  console.log(
    `node ${process.version}, load ${loadavg()
      .map((x) => x.toFixed(1))
      .join(' ')}`,
  );
  const results: BenchResult[] = [];
  if (wanted.includes('schedule')) {
    const placed = await schedule();
    for (const result of placed) console.log(line(result));
    results.push(...placed);
  }
  if (wanted.includes('network')) results.push(...(await networkFigures(runs, (result) => console.log(line(result)))));
  const clustered = wanted.filter((name) => parts[name]);
  if (clustered.length > 0) {
    results.push(
      ...(await withClusters({ runs, sizes, containers, mebibytes, seconds }, async (bench) => {
        const all: BenchResult[] = [];
        for (const name of clustered) all.push(...((await parts[name]?.(bench)) ?? []));
        return all;
      })),
    );
  }
  const missing = missed(results);
  console.log(
    `\n${results.filter((x) => x.limit).length - missing.length} of ${results.filter((x) => x.limit).length} bounds kept`,
  );
  for (const result of missing) console.log(line(result));
  return missing.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
