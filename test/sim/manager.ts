import { clusterSpec } from '../../src/model/cluster.ts';
import type { NodeId } from '../../src/model/ids.ts';
import type { Node } from '../../src/model/node.ts';
import type { Log } from '../../src/platform/ports.ts';
import type { MemoryNetwork } from '../../src/rpc/memory/network.ts';
import { createAllocator } from '../../src/manager/allocator.ts';
import type { Allocator } from '../../src/manager/allocator.ts';
import { trackAssignments } from '../../src/manager/assignments/track.ts';
import { createCluster } from '../../src/manager/cluster.ts';
import { createManager, startLoops } from '../../src/manager/create.ts';
import { createDispatcher } from '../../src/manager/dispatcher/dispatcher.ts';
import { createAgentGateway } from '../../src/manager/dispatcher/gateway.ts';
import type { Manager } from '../../src/manager/manager.ts';
import type { ManagerListener } from '../../src/rpc/transport.ts';
import { createStore } from '../../src/store/create.ts';
import { memoryDisk } from '../../src/store/drivers/memory.ts';
import type { Commit, Store } from '../../src/store/store.ts';
import { type DiskFaults, simulatedDriver } from './disk.ts';
import { managerAddress } from './node.ts';
import type { Prng } from './prng.ts';
import { type ProcessClock, type Timeline, processClock } from './time.ts';

/** One manager process. */
export interface Life {
  readonly manager: Manager;
  readonly store: Store;
  readonly allocator: Allocator;
  readonly clock: ProcessClock;
}

/** The manager's machine: a disk that survives, and at most one manager process. */
export interface SimManager {
  readonly disk: DiskFaults;
  /** Undefined while it is dead or just starting. */
  current(): Life | undefined;
  start(): Promise<void>;
  kill(silent: boolean): void;
}

export interface SimManagerOptions {
  readonly timeline: Timeline;
  readonly random: Prng;
  readonly wire: MemoryNetwork;
  readonly log: Log;
  readonly nodes: readonly { readonly id: string; readonly index: number }[];
  /** Whether the machine at this address can be reached. */
  readonly answers: (address: string) => boolean;
  /** Called with each commit of whatever process lives. */
  readonly onCommit: (store: Store, commit: Commit) => void;
  /** A new process has read the disk. */
  readonly onStart: (store: Store) => void;
}

export function simManager(options: SimManagerOptions): SimManager {
  const { timeline, random, wire, log, nodes, answers, onCommit, onStart } = options;
  const disk = memoryDisk();
  const faults: DiskFaults = { full: false };
  let life: Life | undefined;
  let starting: ProcessClock | undefined;

  const start = async (): Promise<void> => {
    if (life || starting) return;
    const clock = processClock(timeline);
    starting = clock;
    const dead = (): boolean => starting !== clock;
    await clock.sleep(random.between(20, 200));
    const store = await createStore({ driver: simulatedDriver(disk, clock, random, faults), clock });
    if (dead()) return;
    const allocator = createAllocator(store);
    if (store.view.count('cluster') === 0) await begin(store, allocator, clock);
    if (dead()) return;
    onStart(store);
    store.subscribe((commit) => onCommit(store, commit));
    const dispatcher = createDispatcher({
      store,
      assignments: trackAssignments(store),
      clock,
      log,
      managers: () => [managerAddress],
      answers: async (address) => {
        await clock.sleep(random.between(1, 50));
        if (answers(address)) return true;
        // What asked is lost, and that takes its time to be noticed.
        await clock.sleep(950);
        return false;
      },
    });
    const wired = wire.listen(managerAddress, dispatcher.service);
    const listener = { ...wired, request: heardBy(() => starting === clock || life?.clock === clock, wired.request) };
    dispatcher.attach(listener);
    const manager = createManager({
      store,
      allocator,
      clock,
      random,
      log,
      agents: createAgentGateway(listener),
      requests: listener,
      joinToken: () => 'SWMTKN-1-x-y',
    });
    startLoops({ store, allocator, clock, random, log });
    starting = undefined;
    life = { manager, store, allocator, clock };
  };
  const begin = async (
    store: Store,
    allocator: ReturnType<typeof createAllocator>,
    clock: ProcessClock,
  ): Promise<void> => {
    await createCluster({
      store,
      allocator,
      clock,
      random,
      id: 'cluster',
      // Some networks are so small that addresses are used again, and run out.
      spec: clusterSpec.parse({ taskHistoryLimit: 2, subnetPrefix: random.pick([24, 28]) }),
      material: { caCertificate: 'ca', caKey: 'key', joinTokens: { manager: 'SWMTKN-1-a-b', worker: 'SWMTKN-1-a-c' } },
    });
    await store.update((transaction) => {
      for (const { id, index } of nodes) transaction.create('node', newNode(id, `node-${index}`, clock.now()));
    });
  };
  return {
    disk: faults,
    current: () => life,
    start,
    kill: (silent) => {
      starting?.kill();
      starting = undefined;
      if (!life) return;
      life.clock.kill();
      life = undefined;
      wire.crashManager(managerAddress, { silent });
    },
  };
}

/** Answers, and that there are none, are not heard by a process that has died meanwhile: it would go on with what asked. */
const heardBy =
  (isAlive: () => boolean, request: ManagerListener['request']): ManagerListener['request'] =>
  (...asked) =>
    new Promise((resolve, reject) => {
      request(...asked).then(
        (response) => {
          if (isAlive()) resolve(response);
        },
        (thrown: unknown) => {
          if (isAlive()) reject(thrown as Error);
        },
      );
    });

const newNode = (id: string, name: string, now: number): Node => ({
  id: id as NodeId,
  version: 0,
  createdAt: now,
  updatedAt: now,
  spec: { name, role: 'worker', availability: 'active' },
});

/** Makes a node's row, as its join does. False where that failed. */
export async function join({ store, clock }: Life, id: string, name: string): Promise<boolean> {
  try {
    await store.update((transaction) => {
      if (transaction.get('node', id) === undefined) transaction.create('node', newNode(id, name, clock.now()));
    });
    return true;
  } catch {
    return false;
  }
}
