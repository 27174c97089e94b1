import { once } from 'node:events';
import { createServer as createGate } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { TuttiError } from '../../model/errors.ts';
import { notConnected } from '../not-connected.ts';
import type { Credentials } from '../certificates/credentials.ts';
import type { ManagerListener } from '../transport.ts';
import { createAcceptor, type AcceptorOptions } from './acceptor.ts';
import { createHandshakes, handshakeMs } from './handshakes.ts';
import { sendRequest } from './requests.ts';
import { requestProtocol, streamProtocol } from './wire.ts';

export interface Http2ListenerOptions extends AcceptorOptions {
  /** Address to listen on; absent: all. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  readonly credentials: Credentials;
}

export interface Http2Listener extends ManagerListener {
  readonly port: number;
  /** New connections see the new certificate. */
  renew(credentials: Credentials): void;
}

const secureContext = ({ key, certificate, authority }: Credentials) => ({ key, cert: certificate, ca: authority });

const tlsOptions = (credentials: Credentials): TlsOptions => ({
  ...secureContext(credentials),
  requestCert: true,
  // A node that joins has no certificate yet: the acceptor decides what each may do.
  rejectUnauthorized: false,
  minVersion: 'TLSv1.3',
  ALPNProtocols: [streamProtocol, requestProtocol],
  handshakeTimeout: handshakeMs,
});

const listenFault = (where: string, error: NodeJS.ErrnoException): TuttiError =>
  error.code === 'EADDRINUSE'
    ? new TuttiError('conflict', `port ${where} is taken by another program: free it or choose another port`)
    : new TuttiError('invalid-argument', `cannot listen on ${where}: ${error.message}`, { cause: error });

/** Listens for agents. Throws `conflict` when the port is taken, `invalid-argument` when the address is not ours. */
export const createHttp2Listener = async (options: Http2ListenerOptions): Promise<Http2Listener> => {
  const { host, log } = options;
  const acceptor = createAcceptor(options);
  const handshakes = createHandshakes();
  const secure = createServer(tlsOptions(options.credentials), (socket) => {
    handshakes.done(socket);
    acceptor.accept(socket);
  });
  secure.on('tlsClientError', (error, socket) => {
    log.debug('a TLS handshake failed', { error: error.message });
    socket.destroy();
  });
  const server = createGate((socket) => {
    if (handshakes.begin(socket)) secure.emit('connection', socket);
    else socket.destroy();
  });
  server.listen({ port: options.port, ...(host !== undefined && { host }) });
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw listenFault(`${host ?? '*'}:${options.port}`, error);
  });
  const bound = server.address();

  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    renew: (credentials) => secure.setSecureContext(secureContext(credentials)),
    request: async (nodeId, request, signal) => {
      const session = await acceptor.requestsTo(nodeId, signal);
      if (session === undefined) throw notConnected(nodeId);
      return await sendRequest(session, request, signal);
    },
    drop: (nodeId) => acceptor.drop(nodeId),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      acceptor.dropAll();
      await closed;
    },
  };
};
