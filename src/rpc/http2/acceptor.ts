import { performServerHandshake, type ClientHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { TuttiError } from '../../model/errors.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Calls } from '../calls.ts';
import { parseAgentMessage } from '../messages.ts';
import type { ManagerService, Peer } from '../transport.ts';
import { answerCall } from './answer-call.ts';
import { createStreamChannel } from './channel.ts';
import { callerOf } from './peer.ts';
import { createPlaces } from './places.ts';
import { openRequests } from './requests.ts';
import { isSwarm, refuseSwarm } from './swarm.ts';
import { callPrefix, requestProtocol, respondError, sessionPath } from './wire.ts';

export interface AcceptorOptions {
  readonly service: ManagerService;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest message taken from an agent. Default: 64 MiB. */
  readonly maxMessageBytes?: number;
}

/** What a manager does with connections whose TLS handshake is done: who they are decides what they may. */
export interface Acceptor {
  accept(socket: TLSSocket): void;
  /**
   * The connection that the node offered for requests. It comes a moment after the node's other one: while that is there,
   * it is waited for, shortly.
   */
  requestsTo(nodeId: string, signal: AbortSignal): Promise<ClientHttp2Session | undefined>;
  drop(nodeId: string): void;
  dropAll(): void;
}

/** Connections without a certificate are for joining: few at a time and short. */
const nobodyPlaces = { all: 100, perAddress: 30 };
const nobodyLifeMs = 15_000;
/** An idle connection is tried after this: what stands between may have forgotten it. */
const keepAliveMs = 15_000;
/** A connection for requests that is not there after this has failed. */
const offerMs = 1000;
const defaultMessageBytes = 64 * 1024 * 1024;

const settingsFor = (peer: Peer | undefined) =>
  peer === undefined
    ? { settings: { enablePush: false, maxConcurrentStreams: 4, initialWindowSize: 65_535 } }
    : {
        settings: { enablePush: false, maxConcurrentStreams: 100, initialWindowSize: 1024 * 1024 },
        maxSessionMemory: 256,
      };

/** Who waits for a node's connection for requests. */
const createOffers = (clock: Clock) => {
  const waiting = new Map<string, Set<() => void>>();
  return {
    made: (nodeId: string): void => {
      for (const wake of waiting.get(nodeId) ?? []) wake();
    },
    /** Resolves when it is made, or has been waited for long enough, or the signal aborts. */
    next: async (nodeId: string, signal: AbortSignal): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiters = waiting.get(nodeId) ?? new Set();
      waiting.set(nodeId, waiters.add(resolve));
      const timer = clock.after(offerMs, resolve);
      const abort = (): void => resolve();
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) resolve();
      await promise;
      signal.removeEventListener('abort', abort);
      timer.cancel();
      waiters.delete(resolve);
      if (waiters.size === 0) waiting.delete(nodeId);
    },
  };
};

export const createAcceptor = (options: AcceptorOptions): Acceptor => {
  const { service, log, clock } = options;
  const sockets = new Map<TLSSocket, string | undefined>();
  const requests = new Map<string, ClientHttp2Session>();
  const offers = createOffers(clock);
  const nobodies = createPlaces(nobodyPlaces);

  const openSession = (stream: ServerHttp2Stream, peer: Peer): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
    const { channel, attach } = createStreamChannel<ManagerMessage, AgentMessage>({
      stream,
      clock,
      maxBytes: options.maxMessageBytes ?? defaultMessageBytes,
      parse: parseAgentMessage,
    });
    attach(service.session(peer, channel));
  };

  const route = (stream: ServerHttp2Stream, path: string, address: string, peer: Peer | undefined): void => {
    stream.on('error', () => undefined);
    const refusal = peer === undefined ? undefined : service.refusal(peer);
    if (refusal !== undefined) respondError(stream, refusal);
    else if (path.startsWith(callPrefix)) {
      void answerCall(stream, path.slice(callPrefix.length), options.calls, { address, ...(peer && { peer }) });
    } else if (path !== sessionPath) respondError(stream, new TuttiError('not-found', 'there is nothing here'));
    else if (peer === undefined) {
      respondError(stream, new TuttiError('unauthenticated', 'a session takes a certificate of the cluster'));
    } else openSession(stream, peer);
  };

  const acceptStreams = (socket: TLSSocket, address: string, peer: Peer | undefined): void => {
    const session = performServerHandshake(socket, settingsFor(peer));
    session.on('error', () => undefined);
    session.on('stream', (stream, headers) => {
      if (isSwarm(headers)) refuseSwarm(stream);
      else route(stream, headers[':path'] ?? '', address, peer);
    });
  };

  const acceptRequests = (socket: TLSSocket, peer: Peer): void => {
    if (service.refusal(peer) !== undefined) {
      socket.destroy();
      return;
    }
    const session = openRequests(socket);
    requests.get(peer.nodeId)?.destroy();
    requests.set(peer.nodeId, session);
    offers.made(peer.nodeId);
    session.on('close', () => {
      if (requests.get(peer.nodeId) === session) requests.delete(peer.nodeId);
    });
  };

  const acceptNobody = (socket: TLSSocket, address: string): void => {
    const leave = nobodies.take(address);
    if (leave === undefined) {
      socket.destroy();
      return;
    }
    const timer = clock.after(nobodyLifeMs, () => socket.destroy());
    socket.once('close', () => {
      leave();
      timer.cancel();
    });
    acceptStreams(socket, address, undefined);
  };

  const usable = (nodeId: string): ClientHttp2Session | undefined => {
    const session = requests.get(nodeId);
    return session === undefined || session.closed || session.destroyed ? undefined : session;
  };
  const isConnected = (nodeId: string): boolean => sockets.values().some((holder) => holder === nodeId);

  return {
    accept: (socket) => {
      socket.on('error', () => undefined);
      socket.setKeepAlive(true, keepAliveMs);
      const caller = callerOf(socket);
      sockets.set(socket, caller.kind === 'node' ? caller.peer.nodeId : undefined);
      socket.once('close', () => sockets.delete(socket));
      if (caller.kind === 'stranger') {
        log.warn('refused a connection: its certificate is not valid here', { address: socket.remoteAddress });
        socket.destroy();
      } else if (caller.kind === 'nobody') acceptNobody(socket, caller.address);
      else if (socket.alpnProtocol === requestProtocol) acceptRequests(socket, caller.peer);
      else acceptStreams(socket, caller.peer.address, caller.peer);
    },
    requestsTo: async (nodeId, signal) => {
      const there = usable(nodeId);
      if (there !== undefined || !isConnected(nodeId)) return there;
      await offers.next(nodeId, signal);
      return usable(nodeId);
    },
    drop: (nodeId) => {
      for (const [socket, holder] of sockets) if (holder === nodeId) socket.destroy();
    },
    dropAll: () => {
      for (const session of requests.values()) session.destroy();
      for (const socket of sockets.keys()) socket.destroy();
    },
  };
};
