import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Log } from '../platform/ports.ts';
import type { DockerContext } from './docker/context.ts';
import { createDockerApi } from './docker/api.ts';
import type { Answer } from './http/serve.ts';
import { serve } from './http/serve.ts';
import { createWebApi, webPrefix } from './web/api.ts';

export interface ApiOptions extends DockerContext {
  readonly log: Log;
}

/** Both halves of a node:http server: `createServer(api.listener).on('upgrade', api.upgrade)`. */
export interface Api {
  readonly listener: RequestListener;
  /** Connections taken over by a client (attach, exec, build sessions): refused until a dialect takes them. */
  readonly upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** The dialects that share one socket: Tutti's own under `/tutti/`, Docker's everywhere else. */
export const createApi = (options: ApiOptions): Api => {
  const docker = createDockerApi(options);
  const web = createWebApi(options);
  const answer: Answer = (request) => (request.path.startsWith(`${webPrefix}/`) ? web(request) : docker(request));
  return {
    listener: serve(answer, (fault, request) => {
      options.log.warn('a request was cut off', { method: request.method, path: request.path, error: String(fault) });
    }),
    upgrade: (_message, socket) => {
      const body = '{"message":"tutti does not do single containers over the cluster yet"}\n';
      socket.end(
        `HTTP/1.1 501 Not Implemented\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  };
};
