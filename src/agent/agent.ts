import type { NodeReport } from '../model/doctor.ts';
import type { Listener } from '../model/listener.ts';
import type { NodeDescription } from '../model/node.ts';
import type { Clock, Log, Randomness } from '../platform/ports.ts';
import type { AgentTransport } from '../rpc/transport.ts';
import type { Received } from './session/apply.ts';
import { startConnection, type Connection } from './session/connect.ts';
import { startDescriber, type Describer } from './session/describer.ts';
import { createKeeper } from './session/keeper.ts';
import { learn } from './session/learn.ts';
import type {
  AgentStore,
  Describe,
  DescriptionStore,
  EngineForward,
  NodeNetwork,
  NodeProxy,
  NodeReach,
  TaskWorker,
} from './session/ports.ts';
import { createNetworkReadiness } from './session/ready-networks.ts';
import { createRecipients } from './session/recipients.ts';
import { createNodeService } from './session/requests.ts';

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

/**
 * The agent of one node: a session with a manager, the containers, the network. It begins with what it has on disk, so
 * with no manager it goes on. Disposing it leaves the containers running.
 */
export const createAgent = (ports: AgentPorts): AsyncDisposable => {
  const { clock, log, worker, network, proxy, reach } = ports;
  const stop = new AbortController();
  const parts = new AsyncDisposableStack();
  const readiness = createNetworkReadiness(network, clock);
  const recipients = createRecipients(ports, readiness);
  const keeper = createKeeper(ports.store, clock, log);
  const told = Promise.withResolvers<void>();
  let connection: Connection | undefined;
  let sequence = 0;

  const take = (given: Received): void => {
    ({ sequence } = given);
    recipients.apply(given.assignments);
  };
  const receive = (received: Received, applied: () => void): void => {
    take(received);
    told.resolve();
    keeper.keep(received, applied);
  };

  /** Keeps the node's description up to date with the managers. */
  const describe = async (): Promise<Describer> => {
    let address: string | undefined;
    const changed = (description: NodeDescription): void => {
      // What is on its way from the address of before gets no answer any more.
      if (description.address === address) connection?.describe(description);
      else connection?.reopen();
      ({ address } = description);
    };
    const options = { describe: ports.describe, store: ports.descriptions, clock, log, changed };
    const describer = parts.use(await startDescriber(options, stop.signal));
    ({ address } = describer.current());
    const redescribe = (): void => {
      describer.refresh(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) log.debug('the node could not be described', { error: String(error) });
      });
    };
    parts.use(proxy?.subscribe(redescribe));
    parts.use(reach?.subscribe(() => (recipients.lead(), redescribe())));
    parts.use(ports.moved?.(redescribe));
    return describer;
  };

  const connect = (describer: Describer): Connection =>
    startConnection({
      ...ports,
      service: createNodeService({
        worker,
        networks: readiness,
        forward: ports.engine,
        now: clock.now,
        renew: ports.renew,
        async rotateKey(signal) {
          await network.rotateKey?.();
          await describer.refresh(signal);
        },
        doctor: ports.doctor,
        listeners: ports.listeners,
        door: proxy,
      }),
      sequence: () => sequence,
      description: describer.current,
      observations: () => worker.observations(),
      engineAwayMs: () => worker.engineAwayMs(),
      received: receive,
      async inForce() {
        await network.settled();
        // A front door that is out of order leads nobody anywhere: it is not waited for.
        await proxy?.settled().catch(() => undefined);
      },
      withdrawn: (taskIds) => worker.withdrawn(taskIds),
      state: (manager) => ports.state?.(manager),
      removed() {
        log.warn('this node was removed from the cluster: its tasks are stopped');
        receive({ sequence: 0, assignments: new Map() }, () => undefined);
      },
    });

  const begin = async (): Promise<void> => {
    for (const part of [network, proxy, reach, worker, keeper]) parts.use(part);
    const stored = await ports.store.load();
    if (stop.signal.aborted) return;
    if (stored !== undefined) take(stored);
    parts.use(
      worker.subscribe((observation) => {
        recipients.observe(observation);
        connection?.observe(observation);
      }),
    );
    const learning =
      ports.known &&
      learn({ worker, observe: recipients.observe, told: told.promise, clock, log, known: ports.known }, stop.signal);
    parts.defer(async () => await learning);
    connection = parts.use(connect(await describe()));
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
