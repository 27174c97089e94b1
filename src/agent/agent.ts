import type { NodeReport } from '../model/doctor.ts';
import type { Listener } from '../model/listener.ts';
import type { Clock, Log, Randomness } from '../platform/ports.ts';
import type { AgentTransport } from '../rpc/transport.ts';
import type { Received } from './session/apply.ts';
import { setAside } from './reach/set-aside.ts';
import { startConnection, type Connection } from './session/connect.ts';
import { startDescriber } from './session/describer.ts';
import { createKeeper } from './session/keeper.ts';
import type {
  AgentStore,
  Assignments,
  Describe,
  DescriptionStore,
  EngineForward,
  NodeNetwork,
  NodeProxy,
  NodeReach,
  TaskWorker,
} from './session/ports.ts';
import { createNetworkReadiness } from './session/ready-networks.ts';
import { createNodeService } from './session/requests.ts';
import { within } from './within.ts';

export interface AgentPorts {
  readonly clock: Clock;
  readonly random: Pick<Randomness, 'number'>;
  readonly log: Log;
  readonly transport: AgentTransport;
  readonly store: AgentStore;
  /** The agent closes it. */
  readonly worker: TaskWorker;
  /** The agent closes it. */
  readonly network: NodeNetwork;
  /** The front door. The agent closes it. Absent: this node has none. */
  readonly proxy?: NodeProxy;
  /** The agent closes it. Absent: every node is taken to be reached. */
  readonly reach?: NodeReach;
  readonly describe: Describe;
  /** The node's engine for what managers ask of it. Absent: nothing can be asked. */
  readonly engine?: EngineForward;
  /** Gets the node another certificate at once, when a manager asks for it. */
  readonly renew?: (signal: AbortSignal) => Promise<void>;
  /** Looks for what is wrong with the node, when a manager asks for it. */
  readonly doctor?: (signal: AbortSignal) => Promise<NodeReport>;
  /** Which of these ports processes of the node itself listen on. */
  readonly listeners?: (ports: readonly number[], signal: AbortSignal) => Promise<readonly Listener[]>;
  /** Absent: nothing is kept, and the agent waits for its engine before it connects. */
  readonly descriptions?: DescriptionStore;
  /** Calls when the node may have another address than it told. Absent: it keeps the one that it has. */
  readonly moved?: (call: () => void) => Disposable;
  /** Managers to try first: `10.0.0.1:2377`. */
  readonly managers: readonly string[];
  /** Told with whom there is a session; undefined: with nobody. */
  readonly state?: (manager: string | undefined) => void;
  /**
   * Called once, when the network knows as much as an agent before this one did: the engine was listed, and a manager has
   * told the whole set and had a moment to hear of it from the other nodes. It does not wait for ever for any of it.
   */
  readonly known?: () => void;
}

/** Longer an agent does not hold back what it knows. */
const learnMs = 10_000;
/** A manager that was killed too knows of what has just become ready elsewhere when the agents there have told it again. */
const hearsayMs = 2_000;

const nobody: ReadonlySet<string> = new Set();

/**
 * The agent of one node: a session with a manager, the containers, the network. It begins with what it has on disk, so
 * with no manager it goes on. Disposing it leaves the containers running.
 */
export const createAgent = (ports: AgentPorts): AsyncDisposable => {
  const { clock, log, worker, network } = ports;
  const stop = new AbortController();
  const parts = new AsyncDisposableStack();
  let connection: Connection | undefined;
  let sequence = 0;
  const told = Promise.withResolvers<void>();

  /** What is on disk is older than what an agent that was killed had told already. */
  const learn = async (known: () => void): Promise<void> => {
    const listed = worker.listed().then(() => {
      // Those of tasks without a container are not told by the listing.
      for (const observation of worker.observations()) {
        network.observe(observation);
        ports.proxy?.observe(observation);
      }
    });
    const heard = told.promise.then(async () => await clock.sleep(hearsayMs, stop.signal));
    try {
      await within(learnMs, Promise.all([listed, heard]), clock, stop.signal);
    } catch (thrown) {
      if (stop.signal.aborted) return;
      log.warn('what runs on this node could not be told to its network', { error: String(thrown) });
    }
    known();
  };

  const readiness = createNetworkReadiness(network, clock);
  let current: Assignments = new Map();
  /** What traffic is led by: not to where it does not arrive. */
  const lead = (): void => {
    const led = setAside(current, ports.reach?.lost() ?? nobody);
    network.apply(led);
    ports.proxy?.apply(led);
  };
  const put = (assignments: Assignments) => {
    current = assignments;
    ports.reach?.apply(assignments);
    lead();
    readiness.apply(assignments);
    worker.apply(assignments);
  };
  const begin = async (): Promise<void> => {
    parts.use(network);
    if (ports.proxy !== undefined) parts.use(ports.proxy);
    if (ports.reach !== undefined) parts.use(ports.reach);
    parts.use(worker);
    const keeper = parts.use(createKeeper(ports.store, clock, log));
    const receive = (received: Received, applied: () => void) => {
      ({ sequence } = received);
      put(received.assignments);
      told.resolve();
      keeper.keep(received, applied);
    };
    const stored = await ports.store.load();
    if (stop.signal.aborted) return;
    if (stored !== undefined) {
      ({ sequence } = stored);
      put(stored.assignments);
    }
    parts.use(
      worker.subscribe((observation) => {
        network.observe(observation);
        ports.proxy?.observe(observation);
        connection?.observe(observation);
      }),
    );
    const learning = ports.known && learn(ports.known);
    parts.defer(async () => await learning);
    const rotateKey = async (signal: AbortSignal): Promise<void> => {
      await network.rotateKey?.();
      await describer.refresh(signal);
    };
    let address: string | undefined;
    const changed = (description: Parameters<Connection['describe']>[0]) => {
      // What is on its way from the address of before gets no answer any more.
      if (description.address === address) connection?.describe(description);
      else connection?.reopen();
      ({ address } = description);
    };
    const describer = parts.use(
      await startDescriber({ describe: ports.describe, store: ports.descriptions, clock, log, changed }, stop.signal),
    );
    ({ address } = describer.current());
    const redescribe = (): void => {
      describer.refresh(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) log.debug('the node could not be described', { error: String(error) });
      });
    };
    if (ports.proxy !== undefined) parts.use(ports.proxy.subscribe(redescribe));
    if (ports.reach !== undefined) parts.use(ports.reach.subscribe(() => (lead(), redescribe())));
    if (ports.moved !== undefined) parts.use(ports.moved(redescribe));
    connection = parts.use(
      startConnection({
        ...ports,
        service: createNodeService({
          worker,
          networks: readiness,
          forward: ports.engine,
          now: clock.now,
          renew: ports.renew,
          rotateKey,
          doctor: ports.doctor,
          listeners: ports.listeners,
          door: ports.proxy,
        }),
        sequence: () => sequence,
        description: describer.current,
        observations: () => worker.observations(),
        engineAwayMs: () => worker.engineAwayMs(),
        received: receive,
        inForce: async () => {
          await network.settled();
          // A front door that is out of order leads nobody anywhere: it is not waited for.
          await ports.proxy?.settled().catch(() => undefined);
        },
        withdrawn: (taskIds) => worker.withdrawn(taskIds),
        state: (manager) => ports.state?.(manager),
        removed: () => {
          log.warn('this node was removed from the cluster: its tasks are stopped');
          receive({ sequence: 0, assignments: new Map() }, () => undefined);
        },
      }),
    );
  };

  const begun = begin().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await begun;
      await parts[Symbol.asyncDispose]();
    },
  };
};
