import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NodeId, ServiceId, TaskId } from '../../src/model/ids.ts';
import type { Node } from '../../src/model/node.ts';
import type { Service, TaskSpec } from '../../src/model/service.ts';
import type { Task } from '../../src/model/task.ts';
import { scheduleLoop } from '../../src/manager/loops/schedule.ts';
import type { Clock, Log } from '../../src/platform/ports.ts';
import { createStore } from '../../src/store/create.ts';
import { memoryDriver } from '../../src/store/drivers/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { line, median } from './result.ts';
import type { BenchResult } from './result.ts';

const nodeCount = 1_000;
const tasksPerService = 100;
const sizes = [10_000, 100_000] as const;
const rounds = 5;

/** SwarmKit's own scheduler benchmark on a machine of this kind, into its memory store. */
const peers: Readonly<Record<number, number>> = { 10_000: 12_400, 100_000: 7_400 };

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return { cancel: () => clearTimeout(timer) };
  },
  sleep: async () => {},
};

const failing = (message: string): void => {
  throw new Error(message);
};
const log: Log = { debug: () => {}, info: () => {}, warn: failing, error: failing, with: () => log };

const stored = <Id extends string>(id: Id) => ({ id, version: 0, createdAt: 1, updatedAt: 1 });

/** Two nodes of three have the label that the constraint asks for. */
const node = (index: number): Node => ({
  ...stored(`node${index}` as NodeId),
  spec: { role: 'worker', availability: 'active', labels: { disk: index % 3 === 0 ? 'hdd' : 'ssd' } },
  description: {
    hostname: `host${index}`,
    platform: { os: 'linux', architecture: 'x86_64' },
    resources: { nanoCpus: 64e9, memoryBytes: 2 ** 38 },
    engine: { version: '28.2.2' },
    address: '10.0.0.1',
    agentVersion: '0.1.0',
  },
});

const spec: TaskSpec = {
  containers: [
    {
      name: 'main',
      image: 'registry.example/app:1.2.3',
      env: ['MODE=production', 'LEVEL=info'],
      resources: { reservations: { nanoCpus: 1e8, memoryBytes: 2 ** 26 } },
    },
  ],
  networks: [],
  placement: { constraints: ['node.labels.disk == ssd'] },
};

const service = (index: number): Service => ({
  ...stored(`service${index}` as ServiceId),
  spec: { name: `app${index}`, task: { ...spec }, mode: { kind: 'replicated', replicas: tasksPerService } },
  specVersion: 1,
  ports: [],
});

const task = (owner: Service, slot: number): Task => ({
  ...stored(`${owner.id}t${slot}` as TaskId),
  serviceId: owner.id,
  serviceName: owner.spec.name,
  slot,
  spec: owner.spec.task,
  specVersion: 1,
  desiredState: 'running',
  addresses: [],
});

/** A store with the nodes connected and every task waiting to be placed. */
const waitingCluster = async (tasks: number): Promise<Store> => {
  const store = await createStore({ driver: memoryDriver(), clock });
  await store.update((tx) => {
    for (let index = 0; index < nodeCount; index += 1) tx.create('node', node(index));
  });
  store.observe((tx) => {
    for (const { id } of store.view.list('node')) {
      tx.put('nodeStatus', id, { nodeId: id, state: 'ready', message: '', since: 1 });
    }
  });
  for (let index = 0; index < tasks / tasksPerService; index += 1) {
    await store.update((tx) => {
      const made = service(index);
      tx.create('service', made);
      for (let slot = 1; slot <= tasksPerService; slot += 1) tx.create('task', task(made, slot));
    });
  }
  return store;
};

/** Resolves when a watcher has read so many commits that as many tasks were given a node. */
const watchAssigned = async (store: Store, tasks: number, signal: AbortSignal): Promise<void> => {
  let assigned = 0;
  for await (const { changes } of store.watch({ from: store.view.revision, signal })) {
    for (const change of changes) {
      if (change.table !== 'task' || change.before?.nodeId !== undefined) continue;
      if (change.after?.nodeId !== undefined) assigned += 1;
    }
    if (assigned === tasks) return;
  }
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as NonNullable<typeof globalThis.gc>;

interface Timing {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** `kept` disposes of the store and the loop. */
const measure = async (tasks: number, kept: AsyncDisposableStack): Promise<Timing> => {
  const store = kept.use(await waitingCluster(tasks));
  const stop = new AbortController();
  collect({ type: 'major', execution: 'sync' });
  const cpu = process.cpuUsage();
  const start = performance.now();
  const watched = watchAssigned(store, tasks, stop.signal);
  kept.use(scheduleLoop({ store, clock, log, random: { number: Math.random } }));
  await watched;
  collect({ type: 'minor', execution: 'sync' });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  stop.abort();
  check(store, tasks);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
};

/** What was measured must also be right. */
const check = (store: Store, tasks: number): void => {
  const perNode = [...store.view.list('node')].map(({ id, spec: { labels } }) => ({
    placed: store.view.countOf('task', 'node', id),
    allowed: labels?.['disk'] === 'ssd',
  }));
  const allowed = perNode.filter((one) => one.allowed).map(({ placed }) => placed);
  const total = perNode.reduce((sum, { placed }) => sum + placed, 0);
  if (total !== tasks) failing(`${total} tasks of ${tasks} have a node`);
  if (perNode.some((one) => !one.allowed && one.placed > 0)) failing('a constraint is broken');
  if (Math.max(...allowed) - Math.min(...allowed) > 1) failing('the tasks are not spread evenly');
};

/**
 * Placements per second of one core, from the start of the scheduling loop on a store full of pending tasks (so its first
 * reading of the cluster is in it) until a watcher has seen the last one committed. The time is the processor time of all
 * threads of this process, collector and compiler included: what one core would take, also where other processes hold the
 * cores up; by the clock it is less on an idle machine and more on a busy one. Both sizes, one after the other, several
 * times: the figure is the median, and the first, in a process that has scheduled nothing yet, stands beside it.
 *
 * A round takes 0.03 s, so what is not its own counts. Each starts on a collected heap, as an idle manager has it, and has
 * one collection of what it made in its time. The first cluster stays to the end, as a manager's does: once the last
 * object of some shape is collected, V8 throws away all code that it has compiled for it, and what comes next is cold.
 */
export const run = async (): Promise<BenchResult[]> => {
  const timings = new Map<number, Timing[]>(sizes.map((size) => [size, []]));
  await using first = new AsyncDisposableStack();
  for (let round = 0; round < rounds; round += 1) {
    for (const size of sizes) {
      await using own = new AsyncDisposableStack();
      const kept = round === 0 ? first : own;
      timings.get(size)?.push(await measure(size, kept));
    }
  }
  return [...timings].map(([size, measured]) => {
    const rates = measured.map(({ cpuSeconds }) => Math.round(size / cpuSeconds));
    const byClock = median(measured.map(({ seconds }) => Math.round(size / seconds)));
    return {
      name: `schedule ${size.toLocaleString('en')} tasks on ${nodeCount.toLocaleString('en')} nodes`,
      value: median(rates),
      unit: 'placements/s of one core',
      limit: { kind: 'at least', value: 100_000 },
      detail: `median of ${rates.join(', ')} (the first one cold); by the clock ${byClock}/s; SwarmKit ${peers[size]}/s`,
    };
  });
};

if (import.meta.main) for (const result of await run()) console.log(line(result));
