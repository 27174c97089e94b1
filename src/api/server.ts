import type { Log } from '../platform/ports.ts';
import type { DockerContext } from './docker/context.ts';
import { createDockerApi } from './docker/api.ts';
import type { Answer, Served } from './http/serve.ts';
import { serve } from './http/serve.ts';
import { createWebApi, webPrefix } from './web/api.ts';
import type { WebContext } from './web/context.ts';

export interface ApiOptions extends DockerContext, WebContext {
  readonly log: Log;
}

/** The dialects that share one socket: Tutti's own under `/tutti/`, Docker's everywhere else. */
export const createApi = (options: ApiOptions): Served => {
  const docker = createDockerApi(options);
  const web = createWebApi(options);
  const answer: Answer = (request) => (request.path.startsWith(`${webPrefix}/`) ? web(request) : docker(request));
  return serve(answer, (fault, request) => {
    options.log.warn('a request was cut off', { method: request.method, path: request.path, error: String(fault) });
  });
};
