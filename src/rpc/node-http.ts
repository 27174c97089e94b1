import type * as http from 'node:http';

/**
 * What daemons use of node:http. An import of the module looks at everything that it exports, which loads node's WebSocket
 * client with all it needs: 14 MB of each process, for nothing.
 */
export const { Agent, createServer, IncomingMessage, request, ServerResponse, STATUS_CODES } =
  process.getBuiltinModule('node:http');
export type Agent = http.Agent;
export type IncomingMessage = http.IncomingMessage;
export type ServerResponse = http.ServerResponse;
