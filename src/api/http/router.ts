import findMyWay from 'find-my-way';
import type { HTTPMethod } from 'find-my-way';
import type { Reply } from './reply.ts';
import type { ApiRequest } from './request.ts';

export type Handler = (request: ApiRequest) => Reply | Promise<Reply>;

/** `[method, path, handler]`; a path has `:name` parts and may end in `*`. */
export type Route = readonly [method: HTTPMethod, path: string, handler: Handler];

export type FoundRoute = { readonly handler: Handler; readonly params: Readonly<Record<string, string | undefined>> };

/** A lookup over the routes: undefined where none fits. */
export const createRouter = (routes: readonly Route[]): ((method: string, path: string) => FoundRoute | undefined) => {
  const router = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 4096 });
  for (const [method, path, handler] of routes) router.on(method, path, () => undefined, handler);
  return (method, path) => {
    const found = router.find(method as HTTPMethod, path);
    return found === null ? undefined : { handler: found.store as Handler, params: found.params };
  };
};
