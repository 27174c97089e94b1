import { TuttiError } from '../../model/errors.ts';
import type { Reply } from '../http/reply.ts';
import type { ApiRequest } from '../http/request.ts';
import { createRouter } from '../http/router.ts';
import type { WebContext } from './context.ts';
import { errorReply } from './errors.ts';
import { clientRoutes } from './routes/clients.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { doctorRoutes } from './routes/doctor.ts';
import { doorRoutes } from './routes/door.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { serviceRoutes } from './routes/services.ts';
import { stackRoutes } from './routes/stacks.ts';
import { streamRoutes } from './routes/streams.ts';
import { taskRoutes } from './routes/tasks.ts';

/** Everything under this is Tutti's own. */
export const webPrefix = '/tutti/v1';

/** Tutti's own API: the shapes of model/native.ts. */
export const createWebApi = (context: WebContext): ((request: ApiRequest) => Promise<Reply>) => {
  const route = createRouter([
    ...clusterRoutes(context),
    ...clientRoutes(context),
    ...doorRoutes(context),
    ...nodeRoutes(context),
    ...doctorRoutes(context),
    ...serviceRoutes(context),
    ...taskRoutes(context),
    ...stackRoutes(context),
    ...streamRoutes(context),
  ]);
  const answer = async (request: ApiRequest): Promise<Reply> => {
    const path = request.path.slice(webPrefix.length);
    const found = route(request.method, path);
    if (found === undefined) throw new TuttiError('not-found', `there is no ${request.method} ${request.path}`);
    return await found.handler({ ...request, path, params: found.params });
  };
  return (request) => answer(request).catch(errorReply);
};
