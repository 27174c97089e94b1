import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer as createGate } from 'node:net';
import type { Socket } from 'node:net';
import { createServer as createSecure } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { createServer as createHttp, STATUS_CODES } from '../../rpc/node-http.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Log } from '../../platform/ports.ts';
import { clientIdOf } from '../../rpc/certificates/credentials.ts';
import type { Credentials } from '../../rpc/certificates/credentials.ts';
import { createHandshakes, handshakeMs } from '../../rpc/http2/handshakes.ts';
import type { Served } from '../http/serve.ts';
import { serverOptions } from '../http/server.ts';

export interface TlsApiOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly credentials: Credentials;
  readonly served: Served;
  /** Whether the client of that id may use the API now. */
  readonly isClient: (clientId: string) => boolean;
  readonly log: Pick<Log, 'debug' | 'warn'>;
}

/** The API over TCP: whoever has a client's certificate of the cluster may do what root may do with the socket. */
export interface TlsApi extends AsyncDisposable {
  readonly port: number;
  /** New connections see the new certificate, and are trusted by the new authority. */
  renew(credentials: Credentials): void;
  /** Ends a client's connections. */
  drop(clientId: string): void;
}

const mostConnections = 5000;
const keepAliveMs = 15_000;

const secureContext = ({ key, certificate, authority }: Credentials) => ({ key, cert: certificate, ca: authority });

const refusal =
  'this certificate may not use the API: it is a node\'s, or was revoked; make another with "tutti context create"';

/** Written by hand: a connection that is being upgraded has no response. */
const refuse = (socket: Socket): void => {
  const body = JSON.stringify({ message: refusal });
  const head = `HTTP/1.1 403 ${STATUS_CODES[403]}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
};

const listenFault = (where: string, error: NodeJS.ErrnoException): TuttiError =>
  error.code === 'EADDRINUSE'
    ? new TuttiError('conflict', `port ${where} is taken by another program`)
    : new TuttiError('invalid-argument', `cannot listen on ${where}: ${error.message}`, { cause: error });

/** Listens. Throws `conflict` when the port is taken, `invalid-argument` when the address is not ours. */
export const createTlsApi = async (options: TlsApiOptions): Promise<TlsApi> => {
  const { host, port, served, isClient, log } = options;
  const handshakes = createHandshakes();
  const sockets = new Map<Socket, string | undefined>();
  const mayUse = ({ socket }: IncomingMessage): boolean => {
    const clientId = sockets.get(socket);
    return clientId !== undefined && isClient(clientId);
  };

  const http = createHttp(serverOptions, (request, response) => {
    if (mayUse(request)) served.listener(request, response);
    else refuse(request.socket);
  }).on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (mayUse(request)) served.upgrade(request, socket, head);
    else refuse(socket);
  });

  const secure = createSecure(
    {
      ...secureContext(options.credentials),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: handshakeMs,
    },
    (socket) => {
      handshakes.done(socket);
      const certificate = socket.getPeerX509Certificate();
      sockets.set(socket, certificate && clientIdOf(certificate));
      socket.once('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.setKeepAlive(true, keepAliveMs);
      http.emit('connection', socket);
    },
  );
  secure.on('tlsClientError', (error, socket: TLSSocket) => {
    log.debug('a TLS handshake for the API failed', { error: error.message, address: socket.remoteAddress });
    socket.destroy();
  });
  const raw = new Set<Socket>();
  // Clients end their half of a connection that was taken over and read on: what a container still says.
  const gate = createGate({ allowHalfOpen: true }, (socket) => {
    if (raw.size >= mostConnections || !handshakes.begin(socket)) {
      socket.destroy();
      return;
    }
    raw.add(socket);
    socket.once('close', () => raw.delete(socket));
    secure.emit('connection', socket);
  });
  gate.listen({ port, host });
  await once(gate, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw listenFault(`${host}:${port}`, error);
  });
  const bound = gate.address();

  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    renew: (credentials) => secure.setSecureContext(secureContext(credentials)),
    drop: (clientId) => {
      for (const [socket, holder] of sockets) if (holder === clientId) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(gate, 'close');
      gate.close();
      http.close();
      for (const socket of [...sockets.keys(), ...raw]) socket.destroy();
      await closed;
    },
  };
};
