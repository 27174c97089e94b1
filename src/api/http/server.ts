import type { Server, ServerOptions } from 'node:http';
import { createServer } from '../../rpc/node-http.ts';
import { ApiMessage } from './hijacked.ts';
import type { Served } from './serve.ts';

/**
 * For node:http servers of the API. The head of a request has to be there soon; a body takes as long as it takes (an image
 * may be large, a line slow), and what reads a body whole bounds that itself. Idle connections stay: clients keep some for
 * their next request, and one that is closed at that very moment fails. Heads may be as long as dockerd takes them:
 * builds and registry credentials are in there.
 */
export const serverOptions: Readonly<ServerOptions> = {
  IncomingMessage: ApiMessage,
  requestTimeout: 0,
  headersTimeout: 20_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 0,
  maxHeaderSize: 1024 * 1024,
};

/** Followers of logs and events hold one each; beyond that somebody leaks them. */
export const mostConnections = 8_192;

/** A server of the API, not listening yet. Connections over `mostConnections` are closed at once. */
export const createApiServer = (served: Served): Server => {
  const server = createServer(serverOptions, served.listener).on('upgrade', served.upgrade);
  server.maxConnections = mostConnections;
  return server;
};
