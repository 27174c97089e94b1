import { createAgent } from '../../src/agent/agent.ts';
import { laidOver } from '../../src/agent/kept.ts';
import type { Kept } from '../../src/agent/kept.ts';
import type { AgentStore, Assignments, NodeNetwork } from '../../src/agent/session/ports.ts';
import type { NetworkPreparer, TaskFiles } from '../../src/agent/executor/engine.ts';
import type { TaskRecord } from '../../src/agent/worker/picture/record.ts';
import { createWorker } from '../../src/agent/worker/worker.ts';
import { TuttiError } from '../../src/model/errors.ts';
import type { NetworkId } from '../../src/model/ids.ts';
import type { NodeDescription } from '../../src/model/node.ts';
import type { Log } from '../../src/platform/ports.ts';
import type { MemoryNetwork } from '../../src/rpc/memory/network.ts';
import { createFakeEngine } from '../fakes/engine/engine.ts';
import type { FakeEngine } from '../fakes/engine/engine.ts';
import { memoryFiles } from '../fakes/engine/node.ts';
import { outdatedWord } from './outdated.ts';
import type { Prng } from './prng.ts';
import { type ProcessClock, type Timeline, processClock } from './time.ts';

export const addressOf = (index: number): string => `10.0.0.${index}`;

/** Where managers answer in the simulation. */
export const managerAddress = 'manager:2377';
export const images = ['app:1', 'app:2'];
/** An image that no registry has. */
export const missingImage = 'missing:1';

export interface Absence {
  readonly from: number;
  readonly to: number;
}

/** A machine: its engine and disk outlive the agent, its disk outlives a power cut. */
export interface SimNode {
  /** As it is known in the cluster now: another one after it has joined again. */
  id(): string;
  readonly name: string;
  readonly engine: FakeEngine;
  powered(): boolean;
  /** When its agent died last and was started after that, in milliseconds of the history. Not yet: infinity. */
  absence(): Absence;
  killAgent(): void;
  startAgent(): void;
  powerOff(): void;
  powerOn(): void;
  setDiskFull(full: boolean): void;
  /** How many times as long as usual the engine takes. */
  setSlowness(factor: number): void;
  /** The agent is gone with its disk, the containers are not; what starts next is another node. */
  reinstall(id: string): void;
  /**
   * Tasks that nobody wants and that the agent may start: it died before a full disk took its last word, and goes by the one
   * before until a manager tells it. With what it starts in their place: by the first of each lineage.
   */
  readonly outdated: ReadonlySet<string>;
  /** What the agent was told last; empty while none runs. */
  assignments(): Assignments;
  /** What the agent keeps for tasks: on disk, and files of secrets. */
  leftovers(): readonly string[];
}

export interface SimNodeOptions {
  readonly id: string;
  readonly index: number;
  readonly timeline: Timeline;
  readonly random: Prng;
  readonly wire: MemoryNetwork;
  readonly log: Log;
  /** How far its time of day is off. */
  readonly skewMs: number;
}

const preparer: NetworkPreparer = {
  ensure: (ids) => Promise.resolve(new Map(ids.map((id: NetworkId) => [id, { dockerNetwork: id, dns: [] }]))),
};

interface Disk {
  full: boolean;
  /** The last assignments were refused, and no others were written since. */
  behind: boolean;
  records: ReadonlyMap<string, TaskRecord>;
  kept: { readonly sequence: number; readonly assignments: Assignments } | undefined;
}

const latencies = {
  create: [10, 80],
  start: [20, 150],
  stop: [5, 200],
  remove: [5, 60],
  list: [1, 20],
  pull: [50, 2000],
} as const;

/** No call takes longer, however slow the engine: what is under way when it is repaired still takes its time. */
const slowestMs = 15_000;

function simEngine(name: string, timeline: Timeline, random: Prng, slowness: () => number): FakeEngine {
  const latency = (kind: keyof typeof latencies) => {
    const [least, most] = latencies[kind];
    return () => Math.min(random.between(least, most) * slowness(), slowestMs);
  };
  return createFakeEngine({
    clock: processClock(timeline),
    name,
    images: [images[0] as string],
    registry: images,
    deadlineMs: 10_000,
    latency: {
      create: latency('create'),
      start: latency('start'),
      stop: latency('stop'),
      remove: latency('remove'),
      list: latency('list'),
      pull: latency('pull'),
    },
  });
}

/** An agent process on the node's disk and engine. It lives until its clock dies. */
function startProcess(
  options: SimNodeOptions & { readonly id: string; readonly clock: ProcessClock },
  disk: Disk,
  engine: FakeEngine,
  apply: (assignments: Assignments) => void,
  files: TaskFiles,
): void {
  const { clock, random, log, wire, id, index } = options;
  const write = async (change: () => void): Promise<void> => {
    await clock.sleep(random.between(1, 5));
    if (disk.full) throw new TuttiError('resource-exhausted', 'the disk is full');
    change();
  };
  const read = async <Value>(value: () => Value): Promise<Value> => {
    await clock.sleep(random.between(1, 3));
    return value();
  };
  const store: AgentStore = {
    load: () => read(() => disk.kept),
    save: async (sequence, kept) => {
      try {
        await write(() => {
          disk.kept = { sequence, assignments: laidOver(disk.kept?.assignments ?? new Map(), kept) };
        });
        disk.behind = false;
      } catch (error) {
        disk.behind = true;
        throw error;
      }
    },
  };
  const records = {
    load: () => read(() => [...disk.records.values()]),
    save: (kept: Kept<TaskRecord>) => write(() => void (disk.records = laidOver(disk.records, kept))),
  };
  const worker = createWorker(
    {
      engine: engine.connect(clock),
      networks: preparer,
      files,
      records,
      clock,
      random,
      log,
    },
    { drainMs: 16_000 },
  );
  const network: NodeNetwork = {
    apply,
    observe: () => undefined,
    ensure: preparer.ensure,
    named: () => Promise.resolve(),
    settled: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  createAgent({
    clock,
    random,
    log,
    transport: wire.agent({ nodeId: id, role: 'worker', clusterId: 'cluster', address: addressOf(index) }),
    store,
    worker,
    network,
    describe: () => read(() => describe(index)),
    managers: [managerAddress],
  });
}

const describe = (index: number): NodeDescription => ({
  hostname: `node-${index}`,
  platform: { os: 'linux', architecture: 'amd64' },
  resources: { nanoCpus: 4e9, memoryBytes: 4_294_967_296 },
  engine: { version: '20.10.24', apiVersion: '1.41' },
  address: addressOf(index),
  mtu: 1500,
  agentVersion: 'sim',
});

export function simNode(options: SimNodeOptions): SimNode {
  const { timeline, random, wire, index } = options;
  const name = `node-${index}`;
  let slowness = 1;
  const engine = simEngine(name, timeline, random, () => slowness);
  const disk: Disk = { full: false, behind: false, records: new Map(), kept: undefined };
  let files = memoryFiles();
  let id = options.id;
  let powered = true;
  let clock: ProcessClock | undefined;
  let assignments: Assignments = new Map();
  const outdated = outdatedWord();
  let absence: Absence = { from: 0, to: 0 };

  const startAgent = (): void => {
    if (!powered || clock) return;
    const mine = processClock(timeline, options.skewMs);
    clock = mine;
    absence = { ...absence, to: timeline.elapsed() };
    let fromDisk = disk.kept !== undefined;
    const apply = (next: Assignments): void => {
      assignments = next;
      if (!fromDisk) outdated.told();
      fromDisk = false;
    };
    startProcess({ ...options, id, clock: mine }, disk, engine, apply, files);
  };
  const killAgent = (silent = false): void => {
    if (!clock) return;
    clock.kill();
    clock = undefined;
    absence = { from: timeline.elapsed(), to: Number.POSITIVE_INFINITY };
    if (disk.behind && disk.kept !== undefined)
      outdated.died(disk.kept.assignments, assignments, (task) => disk.records.get(task)?.root ?? task);
    disk.behind = false;
    assignments = new Map();
    wire.crash(id, { silent });
  };
  return {
    id: () => id,
    name,
    engine,
    powered: () => powered,
    absence: () => absence,
    killAgent: () => killAgent(),
    startAgent,
    powerOff: () => {
      if (!powered) return;
      killAgent(true);
      powered = false;
      engine.powerOff();
      // Secrets are in memory only.
      files = memoryFiles();
    },
    powerOn: () => {
      if (powered) return;
      powered = true;
      engine.powerOn();
      startAgent();
    },
    setDiskFull: (full) => {
      disk.full = full;
      engine.setDiskFull(full);
    },
    setSlowness: (factor) => void (slowness = factor),
    reinstall: (next) => {
      killAgent();
      disk.records = new Map();
      disk.kept = undefined;
      files = memoryFiles();
      id = next;
    },
    outdated: outdated.tasks,
    assignments: () => assignments,
    leftovers: () => [
      ...[...disk.records.values()].map((record) => `record of ${record.id}`),
      ...[...(disk.kept?.assignments.keys() ?? [])].filter((key) => key.startsWith('task:')),
      ...[...files.written.keys()].map((key) => `files of ${key}`),
    ],
  };
}
