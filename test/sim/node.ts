import { createAgent } from '../../src/agent/agent.ts';
import type { AgentStore, Assignments, NodeNetwork } from '../../src/agent/session/ports.ts';
import type { NetworkPreparer } from '../../src/agent/executor/engine.ts';
import type { TaskRecord } from '../../src/agent/worker/record.ts';
import { createWorker } from '../../src/agent/worker/worker.ts';
import { TuttiError } from '../../src/model/errors.ts';
import type { NetworkId } from '../../src/model/ids.ts';
import type { NodeDescription } from '../../src/model/node.ts';
import type { Log } from '../../src/platform/ports.ts';
import type { MemoryNetwork } from '../../src/rpc/memory/network.ts';
import { createFakeEngine } from '../fakes/engine/engine.ts';
import type { FakeEngine } from '../fakes/engine/engine.ts';
import { memoryFiles } from '../fakes/engine/node.ts';
import type { Prng } from './prng.ts';
import { type ProcessClock, type Timeline, processClock } from './time.ts';

/** Where managers answer in the simulation. */
export const managerAddress = 'manager:2377';
export const images = ['app:1', 'app:2'];

/** A machine: its engine and disk outlive the agent, its disk outlives a power cut. */
export interface SimNode {
  readonly id: string;
  readonly name: string;
  readonly engine: FakeEngine;
  powered(): boolean;
  agentRuns(): boolean;
  killAgent(): void;
  startAgent(): void;
  powerOff(): void;
  powerOn(): void;
  setDiskFull(full: boolean): void;
}

export interface SimNodeOptions {
  readonly id: string;
  readonly index: number;
  readonly timeline: Timeline;
  readonly random: Prng;
  readonly wire: MemoryNetwork;
  readonly log: Log;
}

const preparer: NetworkPreparer = {
  ensure: (ids) => Promise.resolve(new Map(ids.map((id: NetworkId) => [id, { dockerNetwork: id, dns: [] }]))),
};
const network: NodeNetwork = {
  apply: () => undefined,
  observe: () => undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export function simNode({ id, index, timeline, random, wire, log }: SimNodeOptions): SimNode {
  const name = `node-${index}`;
  const latency = (from: number, to: number) => () => random.between(from, to);
  const engine = createFakeEngine({
    clock: processClock(timeline),
    name,
    images: [images[0] as string],
    registry: images,
    deadlineMs: 10_000,
    latency: {
      create: latency(10, 80),
      start: latency(20, 150),
      stop: latency(5, 200),
      remove: latency(5, 60),
      list: latency(1, 20),
      pull: latency(50, 2000),
    },
  });
  const disk = {
    full: false,
    records: [] as readonly TaskRecord[],
    kept: undefined as { sequence: number; assignments: Assignments } | undefined,
  };
  const write = async (clock: ProcessClock, apply: () => void): Promise<void> => {
    await clock.sleep(random.between(1, 5));
    if (disk.full) throw new TuttiError('resource-exhausted', 'the disk is full');
    apply();
  };
  const description: NodeDescription = {
    hostname: name,
    platform: { os: 'linux', architecture: 'amd64' },
    resources: { nanoCpus: 4e9, memoryBytes: 4_294_967_296 },
    engine: { version: '20.10.24', apiVersion: '1.41' },
    address: `10.0.0.${index}`,
    mtu: 1500,
    agentVersion: 'sim',
  };
  let powered = true;
  let clock: ProcessClock | undefined;

  const startAgent = (): void => {
    if (!powered || clock) return;
    const mine = processClock(timeline);
    clock = mine;
    const store: AgentStore = {
      load: async () => {
        await mine.sleep(1);
        return disk.kept;
      },
      save: (sequence, assignments) => write(mine, () => (disk.kept = { sequence, assignments })),
    };
    const records = {
      load: async () => {
        await mine.sleep(1);
        return disk.records;
      },
      save: (next: readonly TaskRecord[]) => write(mine, () => (disk.records = structuredClone(next))),
    };
    const worker = createWorker({
      engine: engine.connect(mine),
      networks: preparer,
      files: memoryFiles(),
      records,
      clock: mine,
      random,
      log,
    });
    createAgent({
      clock: mine,
      random,
      log,
      transport: wire.agent({ nodeId: id, role: 'worker', clusterId: 'cluster', address: description.address }),
      store,
      worker,
      network,
      describe: async () => {
        await mine.sleep(1);
        if (!powered) throw new TuttiError('unavailable', 'no engine');
        return description;
      },
      managers: [managerAddress],
    });
  };
  const killAgent = (silent = false): void => {
    if (!clock) return;
    clock.kill();
    clock = undefined;
    wire.crash(id, { silent });
  };
  return {
    id,
    name,
    engine,
    powered: () => powered,
    agentRuns: () => clock !== undefined,
    killAgent: () => killAgent(),
    startAgent,
    powerOff: () => {
      if (!powered) return;
      killAgent(true);
      powered = false;
      engine.powerOff();
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
  };
}
