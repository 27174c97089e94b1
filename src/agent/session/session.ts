import { TuttiError } from '../../model/errors.ts';
import type { NodeDescription } from '../../model/node.ts';
import type { TaskId } from '../../model/ids.ts';
import { protocolVersion } from '../../model/protocol.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { Clock, Timer } from '../../platform/ports.ts';
import type { AgentTransport, Channel } from '../../rpc/transport.ts';
import { applyMessage, type Received } from './apply.ts';
import { createOutbox } from './outbox.ts';

export interface SessionOptions {
  readonly transport: Pick<AgentTransport, 'connect'>;
  readonly address: string;
  readonly clock: Clock;
  /** Sequence of the last assignments on disk. */
  readonly sequence: number;
  readonly description: () => NodeDescription;
  readonly observations: () => readonly TaskObservation[];
  /** For how long the engine has not answered; undefined while it does. */
  readonly engineAwayMs: () => number | undefined;
  /** The whole set, new. `applied` says that it is on disk. */
  readonly received: (received: Received, applied: () => void) => void;
  /** Resolves when what was received until now is in force in the node's network. */
  readonly inForce: () => Promise<void>;
  readonly withdrawn: (taskIds: readonly TaskId[]) => void;
  readonly welcomed: (welcome: Extract<ManagerMessage, { kind: 'welcome' }>) => void;
}

/** One stream to one manager, from its hello to its end. */
export interface Session {
  observe(observation: TaskObservation): void;
  describe(description: NodeDescription): void;
  close(): void;
  /** Resolves when the session is over; no reason where it ended orderly. */
  readonly ended: Promise<TuttiError | undefined>;
}

/** Until the manager says otherwise. */
const defaults = { heartbeatMs: 1000, timeoutMs: 3000 };

/** Connects and says hello. Throws what `connect` throws. */
export const openSession = async (options: SessionOptions, signal: AbortSignal): Promise<Session> => {
  const { clock } = options;
  const { promise: ended, resolve: end } = Promise.withResolvers<TuttiError | undefined>();
  let received: Received | undefined;
  let times = defaults;
  let lastHeard = clock.monotonic();
  let lastBeat = lastHeard;
  let beating: Timer | undefined;

  const apply = (message: Extract<ManagerMessage, { kind: 'assignments' }>) => {
    const next = applyMessage(received, message);
    if (next === 'gap') {
      channel.close(new TuttiError('corrupt', `assignments are missing before number ${message.sequence}`));
      return;
    }
    received = next;
    options.received(next, () => channel.send({ kind: 'applied', sequence: next.sequence }));
    // Where it cannot be brought about nobody is told: whoever waits for it does not wait for ever.
    const told = (): void => void channel.send({ kind: 'in-force', sequence: next.sequence });
    options.inForce().then(told, () => undefined);
  };
  const take = (message: ManagerMessage) => {
    switch (message.kind) {
      case 'welcome':
        times = { heartbeatMs: message.heartbeatMs, timeoutMs: message.timeoutMs };
        options.welcomed(message);
        return;
      case 'assignments':
        apply(message);
        return;
      case 'withdrawn':
        options.withdrawn(message.tasks);
        return;
      case 'heartbeat':
        return;
    }
  };
  const sendHeartbeat = () => {
    const engineAwayMs = options.engineAwayMs();
    channel.send({ kind: 'heartbeat', ...(engineAwayMs !== undefined && { engineAwayMs }) });
  };
  const beat = () => {
    const now = clock.monotonic();
    // Where it was this process that slept, what the manager said still waits in the socket.
    if (now - lastBeat > 2 * times.heartbeatMs) lastHeard = now;
    lastBeat = now;
    if (now - lastHeard > times.timeoutMs) {
      channel.close(new TuttiError('deadline-exceeded', `the manager was silent for ${times.timeoutMs} ms`));
      return;
    }
    sendHeartbeat();
    beating = clock.after(times.heartbeatMs, beat);
  };

  const outbox = createOutbox(clock, (message) => channel.send(message));
  const channel: Channel<AgentMessage> = await options.transport.connect(
    options.address,
    {
      message: take,
      heard: () => {
        lastHeard = clock.monotonic();
      },
      drain: () => outbox.drained(),
      closed: (reason) => {
        beating?.cancel();
        outbox[Symbol.dispose]();
        end(reason);
      },
    },
    signal,
  );
  channel.send({
    kind: 'hello',
    protocol: protocolVersion,
    description: options.description(),
    tasks: [...options.observations()],
    sequence: options.sequence,
  });
  // The manager is not to count on the engine until the first beat is due.
  if (options.engineAwayMs() !== undefined) sendHeartbeat();
  beating = clock.after(times.heartbeatMs, beat);
  return {
    observe: (observation) => outbox.add(observation),
    describe: (description) => void channel.send({ kind: 'description', description }),
    close: () => channel.close(),
    ended,
  };
};
