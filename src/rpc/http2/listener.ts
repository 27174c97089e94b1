import { once } from 'node:events';
import { performServerHandshake, type ClientHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer, type TLSSocket } from 'node:tls';
import { TuttiError } from '../../model/errors.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import type { Clock, Log } from '../../platform/ports.ts';
import type { Calls } from '../calls.ts';
import type { Credentials } from '../certificates/credentials.ts';
import { parseAgentMessage } from '../messages.ts';
import type { ManagerListener, ManagerService, Peer } from '../transport.ts';
import { answerCall } from './answer-call.ts';
import { createStreamChannel } from './channel.ts';
import { callerOf } from './peer.ts';
import { openRequests, sendRequest } from './requests.ts';
import { callPrefix, requestProtocol, respondError, sessionPath, streamProtocol } from './wire.ts';

export interface Http2ListenerOptions {
  /** Address to listen on; absent: all. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly credentials: Credentials;
  readonly service: ManagerService;
  readonly calls: Calls;
  readonly clock: Clock;
  readonly log: Log;
  /** Longest message taken from an agent. Default: 64 MiB. */
  readonly maxMessageBytes?: number;
}

export interface Http2Listener extends ManagerListener {
  readonly port: number;
  /** New connections see the new certificate. */
  renew(credentials: Credentials): void;
}

/** Connections without a certificate are for joining: few at a time and short. */
const maxNobodies = 100;
const nobodyLifeMs = 15_000;
const handshakeMs = 5000;

const secureContext = ({ key, certificate, authority }: Credentials) => ({ key, cert: certificate, ca: authority });

/** Listens for agents. Throws `conflict` when the port is taken, `invalid-argument` when the address is not ours. */
export const createHttp2Listener = async (options: Http2ListenerOptions): Promise<Http2Listener> => {
  const { service, log, clock } = options;
  const sockets = new Map<TLSSocket, string | undefined>();
  const requests = new Map<string, ClientHttp2Session>();
  let nobodies = 0;

  const openSession = (stream: ServerHttp2Stream, peer: Peer): void => {
    stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
    const { channel, attach } = createStreamChannel<ManagerMessage, AgentMessage>({
      stream,
      clock,
      maxBytes: options.maxMessageBytes ?? 64 * 1024 * 1024,
      parse: parseAgentMessage,
    });
    attach(service.session(peer, channel));
  };

  const route = (stream: ServerHttp2Stream, path: string, address: string, peer: Peer | undefined): void => {
    stream.on('error', () => undefined);
    const refusal = peer === undefined ? undefined : service.refusal(peer);
    if (refusal !== undefined) respondError(stream, refusal);
    else if (path.startsWith(callPrefix)) {
      const caller = { address, ...(peer && { peer }) };
      void answerCall(stream, path.slice(callPrefix.length), options.calls, caller);
    } else if (path !== sessionPath) respondError(stream, new TuttiError('not-found', 'there is nothing here'));
    else if (peer === undefined) {
      respondError(stream, new TuttiError('unauthenticated', 'a session takes a certificate of the cluster'));
    } else openSession(stream, peer);
  };

  const acceptStreams = (socket: TLSSocket, address: string, peer: Peer | undefined): void => {
    const session = performServerHandshake(socket, {
      settings: {
        enablePush: false,
        maxConcurrentStreams: peer === undefined ? 4 : 100,
        initialWindowSize: peer === undefined ? 65_535 : 1024 * 1024,
      },
      ...(peer && { maxSessionMemory: 256 }),
    });
    session.on('error', () => undefined);
    session.on('stream', (stream, headers) => route(stream, headers[':path'] ?? '', address, peer));
  };

  const acceptRequests = (socket: TLSSocket, peer: Peer): void => {
    if (service.refusal(peer) !== undefined) {
      socket.destroy();
      return;
    }
    const session = openRequests(socket);
    requests.get(peer.nodeId)?.destroy();
    requests.set(peer.nodeId, session);
    session.on('close', () => {
      if (requests.get(peer.nodeId) === session) requests.delete(peer.nodeId);
    });
  };

  const acceptNobody = (socket: TLSSocket, address: string): void => {
    if (nobodies >= maxNobodies) {
      socket.destroy();
      return;
    }
    nobodies += 1;
    const timer = clock.after(nobodyLifeMs, () => socket.destroy());
    socket.once('close', () => {
      nobodies -= 1;
      timer.cancel();
    });
    acceptStreams(socket, address, undefined);
  };

  const accept = (socket: TLSSocket): void => {
    socket.on('error', () => undefined);
    const caller = callerOf(socket);
    sockets.set(socket, caller.kind === 'node' ? caller.peer.nodeId : undefined);
    socket.once('close', () => sockets.delete(socket));
    if (caller.kind === 'stranger') {
      log.warn('refused a connection: its certificate is not valid here', { address: socket.remoteAddress });
      socket.destroy();
    } else if (caller.kind === 'nobody') acceptNobody(socket, caller.address);
    else if (socket.alpnProtocol === requestProtocol) acceptRequests(socket, caller.peer);
    else acceptStreams(socket, caller.peer.address, caller.peer);
  };

  const server = createServer(
    {
      ...secureContext(options.credentials),
      requestCert: true,
      // A node that joins has no certificate yet: what each may do is decided above.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ALPNProtocols: [streamProtocol, requestProtocol],
      handshakeTimeout: handshakeMs,
    },
    accept,
  );
  server.on('tlsClientError', (error, socket) => {
    log.debug('a TLS handshake failed', { error: error.message });
    socket.destroy();
  });
  server.listen({ port: options.port, ...(options.host !== undefined && { host: options.host }) });
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const where = `${options.host ?? '*'}:${options.port}`;
    if (error.code === 'EADDRINUSE') {
      throw new TuttiError('conflict', `port ${where} is taken by another program: free it or choose another port`);
    }
    throw new TuttiError('invalid-argument', `cannot listen on ${where}: ${error.message}`, { cause: error });
  });
  const bound = server.address();

  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    renew: (credentials) => server.setSecureContext(secureContext(credentials)),
    request: async (nodeId, request, signal) => {
      const session = requests.get(nodeId);
      if (session === undefined || session.closed || session.destroyed) {
        throw new TuttiError('unavailable', `node ${nodeId} is not connected`);
      }
      return await sendRequest(session, request, signal);
    },
    drop: (nodeId) => {
      for (const [socket, holder] of sockets) if (holder === nodeId) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of requests.values()) session.destroy();
      for (const socket of sockets.keys()) socket.destroy();
      await closed;
    },
  };
};
