import type { Clock, Log, Randomness } from '../platform/ports.ts';
import type { NodeRequests } from '../rpc/transport.ts';
import type { Store } from '../store/store.ts';
import type { Allocator } from './allocator.ts';
import { clientCommands } from './commands/clients.ts';
import { followNetworkNames } from './attach/names.ts';
import { createContainerNetworks } from './attach/networks.ts';
import { clusterCommands } from './commands/cluster.ts';
import type { CommandContext } from './commands/context.ts';
import { fileCommands } from './commands/files.ts';
import { networkCommands } from './commands/networks.ts';
import { routeCommands } from './commands/routes.ts';
import { serviceCommands } from './commands/services.ts';
import { stackCommands } from './commands/stacks.ts';
import { createContainers } from './containers/containers.ts';
import type { ContainersOfManager } from './containers/containers.ts';
import { createEvents } from './events/events.ts';
import { createMergedEvents } from './events/merged.ts';
import { createEngines } from './engines/engines.ts';
import { emptyInventory } from './engines/empty.ts';
import { createBuilds } from './images/builds.ts';
import { createImages } from './images/images.ts';
import type { AgentGateway } from './logs/gateway.ts';
import { createLogs } from './logs/logs.ts';
import { startAllocateLoop } from './loops/allocate.ts';
import { startCheckpointLoop } from './loops/checkpoint.ts';
import { startOrchestrateLoop } from './loops/orchestrate.ts';
import { startReapLoop } from './loops/reap.ts';
import { scheduleLoop } from './loops/schedule.ts';
import type { Inventory, Manager } from './manager.ts';
import { createNodeCalls } from './node-calls.ts';
import { createDoor } from './door/door.ts';
import { createQueries } from './queries/queries.ts';
import { followVolumes } from './volumes/follow.ts';
import { createFindHeld } from './service/held.ts';
import { createVolumes } from './volumes/volumes.ts';

export interface ManagerPorts extends Pick<CommandContext, 'joinToken'> {
  readonly store: Store;
  /** `createAllocator(store)`: one per store. */
  readonly allocator: Allocator;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly agents: AgentGateway;
  readonly requests: NodeRequests;
  /** `startInventory(…)`; absent where nodes have no engines. */
  readonly inventory?: Inventory;
  /** `startAcme(…)`'s; absent where no certificates are got by ACME. */
  readonly certificateProblem?: (host: string) => string | undefined;
}

/** What dialects call, over one store. It changes nothing by itself; `startLoops` does what commands ask for. */
export const createManager = (
  ports: ManagerPorts,
): Manager & Disposable & { readonly containers: ContainersOfManager } => {
  const { store, clock, log, agents } = ports;
  const queries = createQueries(store.view, clock, ports.certificateProblem);
  const engines = createEngines(ports.requests);
  const inventory = ports.inventory ?? emptyInventory;
  const parts = new DisposableStack();
  const merged = parts.use(createMergedEvents({ inventory, engines, queries, clock, log }));
  const events = parts.use(createEvents(store, clock, merged.tell));
  const images = createImages({ engines, queries, inventory, clock, log });
  const volumes = createVolumes({ store, engines, queries, clock, random: ports.random });
  parts.use(followVolumes({ inventory, log, clock, store, engines, queries }, volumes));
  const findHeld = createFindHeld({ ...ports, view: store.view, queries, inventory });
  const services = { ...ports, findHeld };
  const names = parts.use(followNetworkNames(store));
  const networks = createContainerNetworks({ ...ports, engines, queries, inventory });
  const containers = parts.use(createContainers({ ...ports, engines, inventory, images, volumes, networks }));
  return {
    commands: {
      ...serviceCommands(services),
      ...networkCommands(ports),
      ...fileCommands(ports),
      ...clusterCommands(ports),
      ...clientCommands(ports),
      ...routeCommands(ports),
      ...stackCommands(services),
    },
    queries,
    events: { stream: events.stream, all: merged.all },
    logs: createLogs({ store, agents, clock, log }),
    engines,
    volumes,
    inventory,
    images,
    builds: parts.use(createBuilds({ queries, inventory, engines, images, clock, log })),
    containers,
    networks: { ...networks, nameOf: names.of },
    nodes: createNodeCalls({ view: store.view, requests: ports.requests, clock }),
    door: createDoor({ store, requests: ports.requests, clock, log }),
    [Symbol.dispose]: () => parts[Symbol.dispose](),
  };
};

/**
 * Starts what the leader does by itself: orchestrate and update, allocate, schedule, reap, and write soft state down.
 * The dispatcher is started beside it. Disposal waits for what is being committed.
 */
export const startLoops = (
  ports: Pick<ManagerPorts, 'store' | 'allocator' | 'clock' | 'random' | 'log'>,
): AsyncDisposable => {
  const loops = new AsyncDisposableStack();
  loops.use(startCheckpointLoop(ports));
  loops.use(startReapLoop(ports));
  loops.use(scheduleLoop(ports));
  loops.use(startAllocateLoop(ports));
  loops.use(startOrchestrateLoop(ports));
  return loops;
};
