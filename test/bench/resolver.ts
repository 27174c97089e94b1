import { execFile } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../support/until.ts';
import type { Bench, Tell } from './bench.ts';
import type { Cluster } from './cluster.ts';
import { benchDirectory } from './directory.ts';
import { median } from './result.ts';

const run = promisify(execFile);

/** The service that is asked for, at the address that every container knows its resolver by. */
const service = 'bench-named';
const network = 'bench-names';
const client = 'bench-asker';
const resolver = '127.0.0.11';
const seconds = 3;
const ticksPerSecond = 100;

const docker = async (endpoint: string, ...args: readonly string[]): Promise<string> =>
  (await run('docker', ['--host', endpoint, ...args], { timeout: 120_000 })).stdout.trim();

interface Asker extends AsyncDisposable {
  /** Runs a program in the container's network. */
  readonly inside: readonly string[];
}

/** A service of three tasks with an address of its own, and a container beside it on the first node. */
async function asker({ endpoint, nodes, kind }: Cluster, image: string): Promise<Asker> {
  const [node] = nodes;
  if (node === undefined) throw new Error('the cluster has no node');
  await docker(endpoint, 'network', 'create', '-d', 'overlay', '--attachable', network);
  const tasks = ['--detach', '--no-resolve-image', '--network', network, '--replicas', '3'];
  await docker(endpoint, 'service', 'create', '--name', service, ...tasks, image, 'sleep', '100000');
  const hint = kind === 'tutti' ? ['-e', `constraint:node==${node.name}`] : [];
  const through = kind === 'tutti' ? endpoint : node.engine;
  await docker(through, 'run', '-d', '--name', client, ...hint, '--network', network, image, 'sleep', '100000');
  const pid = await docker(node.engine, 'inspect', '-f', '{{.State.Pid}}', client);
  const inside = ['-t', pid, '-n'];
  const isFound = async (): Promise<boolean> => {
    const asked = await run('nsenter', [...inside, 'busybox', 'nslookup', service, resolver]).catch(() => undefined);
    return asked !== undefined && /Name:/.test(asked.stdout);
  };
  await until('the service to be found', isFound, Boolean, { deadlineMs: 60_000 });
  if (kind === 'tutti') {
    const isShort = async (): Promise<boolean> =>
      await run('nsenter', [...inside, 'nft', 'list', 'table', 'ip', 'tutti_names']).then(
        () => true,
        () => false,
      );
    await until('questions to go to the resolver', isShort, Boolean, { deadlineMs: 60_000 });
  }
  return {
    inside,
    [Symbol.asyncDispose]: async () => {
      await docker(node.engine, 'rm', '-f', client);
      await docker(endpoint, 'service', 'rm', service);
      const removed = async (): Promise<string> => await docker(endpoint, 'network', 'rm', network).catch(() => '');
      await until('the network to be free', removed, (text) => text !== '', { deadlineMs: 60_000 });
    },
  };
}

interface Asked {
  readonly perSecond: number;
  readonly count: number;
  /** Milliseconds from a question to its answer, on average. */
  readonly time: number;
  /** The same of each, where they were asked for. */
  readonly times: readonly number[];
}

/** Asks for some seconds: as fast as answers come with so many outstanding, or so many a second. */
async function ask(
  { inside }: Asker,
  questions: string,
  how: {
    readonly outstanding: number;
    readonly perSecond?: number;
    readonly core?: string;
    /** Waits for no other program itself. */
    readonly first?: boolean;
  },
): Promise<Asked> {
  const load = ['-s', resolver, '-d', questions, '-l', String(seconds), '-q', String(how.outstanding), '-c', '4'];
  const pace = how.perSecond === undefined ? [] : ['-v', '-Q', String(how.perSecond)];
  const pinned = how.core === undefined ? [] : ['taskset', '-c', how.core];
  const first = how.first === true ? ['chrt', '--rr', '1'] : [];
  // Into a file: a line for each answer would keep this process busy beside, and hold dnsperf up where it is not quick enough.
  const said = `${questions}.said`;
  const into = ['sh', '-c', 'exec dnsperf "$@" >"$0"', said, ...load, ...pace];
  await run('nsenter', [...inside, ...pinned, ...first, ...into], { timeout: 60_000 });
  const stdout = await readFile(said, 'utf8');
  const number = (label: RegExp): number => Number(label.exec(stdout)?.[1] ?? Number.NaN);
  const times = [...stdout.matchAll(/^> NOERROR .* ([\d.]+)$/gm)].map(([, time]) => Number(time) * 1_000);
  return {
    perSecond: number(/Queries per second:\s+([\d.]+)/),
    count: number(/completed:\s+(\d+)/),
    time: number(/Average Latency \(s\):\s+([\d.]+)/) * 1_000,
    times,
  };
}

/** Seconds of the processor that a process has used. */
async function processorTime(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Seconds that a process has waited for a processor, and that this machine has for its host to let it run. */
async function waited(pid: number): Promise<{ readonly resolver: number; readonly machine: number }> {
  const account = (await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ');
  const times = (await readFile('/proc/stat', 'utf8')).split('\n')[0]?.split(/ +/) ?? [];
  return { resolver: Number(account[1]) / 1e9, machine: Number(times[8]) / ticksPerSecond };
}

/** Has processors wait for work instead of going to sleep without it, as long as it is open; see the kernel's pm_qos_interface. */
async function keepAwake(): Promise<AsyncDisposable> {
  const file = await open('/dev/cpu_dma_latency', 'r+').catch(() => undefined);
  await file?.write(Buffer.alloc(4));
  return { [Symbol.asyncDispose]: async () => await file?.close() };
}

/** The process that answers on the first node, for as long as it may use one core alone. */
async function resolverOf({ nodes }: Cluster, core: string | undefined): Promise<number> {
  const [node] = nodes;
  const socket = node?.engine.replace('unix://', '') ?? '';
  const status = await readFile(join(socket, '..', 'tutti', 'resolver.json'), 'utf8');
  const { pid } = JSON.parse(status) as { pid: number };
  if (core !== undefined) await run('taskset', ['-acp', core, String(pid)]);
  return pid;
}

const percentile = (times: readonly number[], part: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN;

/** A service's name asked for in a container, over and over, beside Docker's own resolver in Swarm mode. */
export async function names({ tutti, swarm, image, runs }: Bench, tell: Tell): Promise<void> {
  await run('dnsperf', ['-h']).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new Error("dnsperf asks the resolvers: install Debian's package of that name");
  });
  const directory = await benchDirectory();
  await using parts = new AsyncDisposableStack();
  const questions = join(directory, 'questions');
  await writeFile(questions, `${service} A\n`);
  const [ours, theirs] = [parts.use(await asker(tutti, image)), parts.use(await asker(swarm, image))];
  // The resolver has one core, whoever asks it has another, where there are two.
  const [core, other] = availableParallelism() > 1 ? ['0', '1'] : [undefined, undefined];
  const pid = await resolverOf(tutti, core);
  const many = { outstanding: 64, ...(other !== undefined && { core: other }) };
  await ask(ours, questions, many);
  await ask(theirs, questions, { outstanding: 64 });
  const rounds = Array.from({ length: runs });
  const rates: number[] = [];
  const costs: number[] = [];
  const peers: number[] = [];
  const slow: number[] = [];
  const awake: number[] = [];
  // What the asker waits for a processor by itself is not the resolver's time.
  const leisurely = { ...many, perSecond: 10_000, first: true };
  for (const _ of rounds) {
    const before = await processorTime(pid);
    const { perSecond, count } = await ask(ours, questions, many);
    costs.push(((await processorTime(pid)) - before) / count);
    rates.push(perSecond);
    peers.push((await ask(theirs, questions, { outstanding: 64 })).perSecond);
    slow.push(percentile((await ask(ours, questions, leisurely)).times, 0.99));
    await using _awake = await keepAwake();
    awake.push(percentile((await ask(ours, questions, leisurely)).times, 0.99));
  }
  // Not how many there were: dnsperf's two threads miss one another now and then, and then it asks nothing for 100 ms.
  const oneByOne = async (asker: Asker): Promise<number> =>
    (await ask(asker, questions, { outstanding: 1, first: true })).time;
  const before = await waited(pid);
  const alone = await oneByOne(ours);
  const after = await waited(pid);
  const alonePeer = await oneByOne(theirs);
  await using _awake = await keepAwake();
  const [aloneAwake, peerAwake] = [await oneByOne(ours), await oneByOne(theirs)];
  const share = (from: number, to: number): string => `${(((to - from) / seconds) * 100).toFixed(0)} %`;
  const waits = `the resolver waited ${share(before.resolver, after.resolver)} of the time for a processor, the machine ${share(before.machine, after.machine)} for its host`;
  const rounded = (value: number): string => Math.round(value).toLocaleString('en');
  tell({
    name: 'names asked in a container, 64 at once, the resolver on one core',
    value: median(rates),
    unit: 'answers/s',
    limit: { kind: 'at least', value: 20_000 },
    detail: `(${(median(costs) * 1e6).toFixed(1)} µs of the processor each; Swarm, on all cores: ${rounded(median(peers))}/s)`,
  });
  tell({
    name: 'the same, one at a time, on average',
    value: alone,
    unit: 'ms',
    detail: `(Swarm: ${alonePeer.toFixed(2)} ms; with no processor put to sleep ${aloneAwake.toFixed(2)} and ${peerAwake.toFixed(2)} ms; ${waits})`,
  });
  tell({
    name: 'the same at 10,000/s, p99',
    value: median(slow),
    unit: 'ms',
    limit: { kind: 'at most', value: 1 },
    detail: `(with no processor put to sleep ${median(awake).toFixed(2)} ms)`,
  });
}
