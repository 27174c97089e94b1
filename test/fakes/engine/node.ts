import type { AssignedSelf, AssignedTask, Assignment } from '../../../src/model/assignment.ts';
import type { ContainerSpec } from '../../../src/model/container.ts';
import type { NetworkId, ServiceId, TaskId } from '../../../src/model/ids.ts';
import type { TaskObservation } from '../../../src/model/task.ts';
import type { NetworkPreparer, TaskFiles } from '../../../src/agent/executor/engine.ts';
import { laidOver } from '../../../src/agent/kept.ts';
import type { ImageSource } from '../../../src/agent/worker/ports.ts';
import type { RecordStore } from '../../../src/agent/worker/records.ts';
import type { TaskRecord } from '../../../src/agent/worker/picture/record.ts';
import { createWorker } from '../../../src/agent/worker/worker.ts';
import type { Worker } from '../../../src/agent/worker/worker.ts';
import type { Log } from '../../../src/platform/ports.ts';
import { processClock, Timeline } from '../../sim/time.ts';
import type { ProcessClock } from '../../sim/time.ts';
import { createFakeEngine } from './engine.ts';
import type { FakeEngine, FakeEngineOptions } from './engine.ts';

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};

/** One node on virtual time: an engine, a disk that survives the agent, and an agent's worker that can be killed. */
export interface FakeNode {
  readonly timeline: Timeline;
  readonly engine: FakeEngine;
  readonly files: TaskFiles;
  readonly records: { current: readonly TaskRecord[] };
  /** Everything that the present worker told, in order. */
  readonly told: TaskObservation[];
  worker(): Worker;
  /** Gives the worker these tasks (and whatever else), and remembers them as the disk would. */
  assign(...rows: readonly Assignment[]): void;
  /** The agent dies between two steps, and a new one starts with what is on the disk. */
  restartAgent(): void;
  /** Virtual time passes. */
  pass(ms: number): Promise<void>;
  /** The latest that is known of a task. */
  state(taskId: string): TaskObservation | undefined;
}

export const fakeSelf: AssignedSelf = {
  kind: 'self',
  id: 'node1' as never,
  name: 'host1',
  clusterId: 'cluster1',
  address: '10.0.0.1',
  overlayAddress: '100.127.0.1',
  overlayMac: '02:00:00:00:00:01',
  overlayMtu: 1450,
  taskHistoryLimit: 5,
};

const networks: NetworkPreparer = {
  ensure: async (ids) => new Map(ids.map((id: NetworkId) => [id, { dockerNetwork: `tutti-${id}`, dns: ['10.0.0.1'] }])),
};

export function memoryFiles(): TaskFiles & { readonly written: Map<string, readonly string[]> } {
  const written = new Map<string, readonly string[]>();
  return {
    written,
    async write(task, container, files) {
      const paths = files.map((_, index) => `/run/tutti/${task}/${container}/${index}`);
      written.set(`${task}/${container}`, paths);
      return paths;
    },
    existing: async (task, container) => written.get(`${task}/${container}`),
    async remove(task) {
      for (const key of written.keys()) if (key.startsWith(`${task}/`)) written.delete(key);
    },
    owners: async () => [...new Set([...written.keys()].map((key) => key.split('/')[0] as TaskId))],
  };
}

/** `images`: what the manager says of those that are in the cluster. */
export function fakeNode(options: Partial<FakeEngineOptions> = {}, images?: ImageSource): FakeNode {
  const timeline = new Timeline();
  const engine = createFakeEngine({ clock: processClock(timeline), images: ['tiny'], ...options });
  const records = { current: [] as readonly TaskRecord[] };
  const files = memoryFiles();
  const told: TaskObservation[] = [];
  let rows: readonly Assignment[] = [];
  let ids = 0;
  const store: RecordStore = {
    load: async () => records.current,
    save: async (kept) => {
      const before = new Map(records.current.map((record) => [record.id as string, record]));
      records.current = structuredClone([...laidOver(before, kept).values()]);
    },
  };
  const start = (clock: ProcessClock): Worker => {
    const random = { id: () => `successor${String(++ids).padStart(4, '0')}` };
    const worker = createWorker(
      {
        engine: engine.connect(clock),
        networks,
        files,
        records: store,
        clock,
        random,
        log: silentLog,
        ...(images !== undefined && { images }),
      },
      { launches: 4 },
    );
    worker.subscribe((observation) => {
      if (clock === agentClock) told.push(observation);
    });
    return worker;
  };
  let agentClock = processClock(timeline);
  let worker = start(agentClock);
  const apply = (): void => worker.apply(new Map([fakeSelf, ...rows].map((row) => [`${row.kind}:${row.id}`, row])));
  return {
    timeline,
    engine,
    files,
    records,
    told,
    worker: () => worker,
    assign(...next) {
      rows = next;
      apply();
    },
    restartAgent() {
      agentClock.kill();
      engine.breakEvents();
      told.length = 0;
      agentClock = processClock(timeline);
      worker = start(agentClock);
      apply();
    },
    pass: async (ms) => void (await timeline.run(timeline.elapsed() + ms, () => undefined)),
    state: (taskId) => worker.observations().find((observation) => observation.taskId === taskId),
  };
}

export type TaskFields = Omit<Partial<AssignedTask>, 'id' | 'spec'> & {
  readonly spec?: Partial<AssignedTask['spec']>;
  readonly container?: Partial<ContainerSpec>;
};

/** A task as the manager assigns it: one container of the image `tiny`, slot 1 of `web`. */
export function assignedTask(id: string, { spec, container, ...fields }: TaskFields = {}): AssignedTask {
  return {
    kind: 'task',
    id: id as TaskId,
    serviceId: 'service1' as ServiceId,
    serviceName: 'web',
    slot: 1,
    desiredState: 'running',
    addresses: [],
    ...fields,
    spec: { containers: [{ name: 'main', image: 'tiny', ...container }], ...spec },
  };
}
