import { TuttiError } from '../../model/errors.ts';
import { silenceMs } from '../../model/cluster.ts';
import { nodeId as nodeIdSchema } from '../../model/ids.ts';
import type { NodeId } from '../../model/ids.ts';
import { protocolVersion } from '../../model/protocol.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Channel, ChannelHandlers, ManagerListener, ManagerService, Peer } from '../../rpc/transport.ts';
import type { Store } from '../../store/store.ts';
import type { Assignments } from '../assignments/assignments.ts';
import { watchClaims } from './claims.ts';
import { isGivenUp, watchDepartures } from './departures.ts';
import { recordDescription } from './describe.ts';
import { createLiveness } from './liveness.ts';
import { recordAllObserved, recordObserved } from './observed.ts';
import { createReunion } from './reunion.ts';
import { createSession, type Session } from './session.ts';
import { createTelling } from './telling.ts';

/** Sessions with all agents: assignments down, observations up. */
export interface Dispatcher extends AsyncDisposable {
  readonly service: ManagerService;
  /** The listener that `service` was given to: to break the connections of nodes that were removed. */
  attach(listener: Pick<ManagerListener, 'drop'>): void;
}

export interface DispatcherOptions {
  readonly store: Store;
  readonly assignments: Assignments;
  readonly clock: Clock;
  readonly log: Log;
  /** Where managers answer, for agents to know: `10.0.0.1:2377`. */
  readonly managers: () => readonly string[];
  /** Whether the machine at this address answers, whatever runs there. Takes a second at most. */
  readonly answers: (address: string, signal: AbortSignal) => Promise<boolean>;
}

export const createDispatcher = (options: DispatcherOptions): Dispatcher => {
  const { store, assignments, clock, log } = options;
  const sessions = new Map<NodeId, Session>();
  const liveness = createLiveness(options);
  const claims = watchClaims(store, clock, log);
  const reunion = createReunion({
    store,
    clock,
    done: () => {
      for (const session of sessions.values()) session.release();
    },
  });
  const telling = createTelling({
    store,
    assignments,
    clock,
    sessions,
    isSilent: (nodeId) => liveness.inDoubt(nodeId),
  });
  const { withdrawals } = telling;
  let listener: Pick<ManagerListener, 'drop'> | undefined;

  const begin = (session: Session, hello: Extract<AgentMessage, { kind: 'hello' }>): void => {
    const { nodeId, peer } = session;
    const older = sessions.get(nodeId);
    sessions.set(nodeId, session);
    older?.channel.close(new TuttiError('cancelled', 'the node has opened a newer session'));
    log.info('session opened', { node: nodeId, address: peer.address, tasks: hello.tasks.length });
    recordAllObserved(store, nodeId, hello.tasks);
    const greeting = welcomeOf(options, nodeId);
    liveness.connected(nodeId, peer.address, greeting.timeoutMs);
    // Where it connects from, which is known now, is how it proves an address.
    void recordDescription(store, log, nodeId, hello.description);
    session.begin(greeting);
    reunion.heard(nodeId);
    if (reunion.isDone()) session.release();
  };

  const receive = (session: Session, message: AgentMessage): void => {
    const { nodeId } = session;
    if (message.kind === 'hello' ? session.told() !== 'waiting' : sessions.get(nodeId) !== session) {
      session.channel.close(new TuttiError('invalid-argument', 'a session begins with one hello'));
      return;
    }
    switch (message.kind) {
      case 'hello':
        begin(session, message);
        return;
      case 'description':
        void recordDescription(store, log, nodeId, message.description);
        return;
      case 'observations':
        recordObserved(store, nodeId, message.tasks);
        return;
      case 'heartbeat':
        liveness.engine(nodeId, message.engineAwayMs);
        session.heartbeat();
        return;
      case 'in-force':
        session.forced(message.sequence);
        withdrawals.inForce(nodeId, message.sequence);
        return;
      case 'applied':
        return;
    }
  };

  const end = (session: Session, reason: TuttiError | undefined): void => {
    const { nodeId } = session;
    if (sessions.get(nodeId) !== session) return;
    sessions.delete(nodeId);
    if (isGivenUp(store.view, nodeId)) withdrawals.gone(nodeId);
    else withdrawals.left(nodeId);
    liveness.disconnected(nodeId, reason === undefined ? 'orderly' : 'broken');
    log.info('session closed', { node: nodeId, reason: reason?.message ?? 'orderly' });
  };

  const open = (peer: Peer, channel: Channel<ManagerMessage>): ChannelHandlers<AgentMessage> => {
    const nodeId = nodeIdSchema.parse(peer.nodeId);
    const session = createSession({
      nodeId,
      peer,
      channel,
      full: () => assignments.full(nodeId),
      toldAll: (set, sequence) => telling.toldAll(nodeId, set, sequence),
    });
    return {
      message: (message) => receive(session, message),
      heard: () => {
        if (sessions.get(nodeId) === session) liveness.heard(nodeId);
      },
      drain: () => session.drained(),
      closed: (reason) => end(session, reason),
    };
  };

  const departures = watchDepartures(
    { store, clock },
    {
      gone: (nodeId) => withdrawals.gone(nodeId),
      refuse: (nodeId, reason) => sessions.get(nodeId)?.channel.close(reason),
      drop: (nodeId) => listener?.drop(nodeId),
    },
  );

  return {
    service: {
      refusal: (peer) =>
        store.view.get('node', peer.nodeId) === undefined
          ? new TuttiError('permission-denied', 'this node is not in the cluster: it was removed')
          : undefined,
      session: open,
    },
    attach: (given) => {
      listener = given;
    },
    [Symbol.asyncDispose]: () => {
      telling[Symbol.dispose]();
      departures[Symbol.dispose]();
      liveness[Symbol.dispose]();
      claims[Symbol.dispose]();
      reunion[Symbol.dispose]();
      for (const { channel } of sessions.values()) channel.close();
      return Promise.resolve();
    },
  };
};

const welcomeOf = (
  { store, managers }: DispatcherOptions,
  nodeId: NodeId,
): ManagerMessage & { readonly kind: 'welcome' } => {
  const [cluster] = store.view.list('cluster');
  return {
    kind: 'welcome',
    protocol: protocolVersion,
    nodeId,
    heartbeatMs: cluster?.spec.heartbeatMs ?? 1000,
    timeoutMs: silenceMs(cluster?.spec),
    managers: [...managers()],
  };
};
