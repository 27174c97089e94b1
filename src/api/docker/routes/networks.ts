import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import type { Route } from '../../http/router.ts';
import type { DockerContext } from '../context.ts';
import { createNetwork } from '../networks/create.ts';
import { connectContainer, disconnectContainer } from '../networks/connect.ts';
import { inspectNetwork } from '../networks/inspect.ts';
import { listNetworks } from '../networks/list.ts';
import { pruneNetworks, removeNetwork } from '../networks/remove.ts';

type Act = (context: DockerContext, request: ApiRequest, reference: string) => Promise<Reply>;

export const networkRoutes = (context: DockerContext): readonly Route[] => {
  // Clients write `node/name` as it is, or as one part of the path.
  const both = (method: 'GET' | 'POST' | 'DELETE', rest: string, act: Act): readonly Route[] => [
    [method, `/networks/:id${rest}`, async (request) => await act(context, request, paramOf(request, 'id'))],
    [
      method,
      `/networks/:node/:name${rest}`,
      async (request) => await act(context, request, `${paramOf(request, 'node')}/${paramOf(request, 'name')}`),
    ],
  ];
  return [
    ['GET', '/networks', async (request) => await listNetworks(context, request)],
    ['POST', '/networks/create', async (request) => await createNetwork(context, request)],
    ['POST', '/networks/prune', async (request) => await pruneNetworks(context, request)],
    ...both('GET', '', inspectNetwork),
    ...both('DELETE', '', removeNetwork),
    ...both('POST', '/connect', connectContainer),
    ...both('POST', '/disconnect', disconnectContainer),
  ];
};
