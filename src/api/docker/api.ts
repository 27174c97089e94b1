import { answerFailures } from '../http/failing.ts';
import type { Reply } from '../http/reply.ts';
import type { ApiRequest } from '../http/request.ts';
import { createRouter } from '../http/router.ts';
import type { DockerContext } from './context.ts';
import { errorReply } from './errors.ts';
import { containerCreateRoutes } from './routes/container-create.ts';
import { containerRoutes } from './routes/containers.ts';
import { distributionRoutes } from './routes/distribution.ts';
import { eventRoutes } from './routes/events.ts';
import { buildRoutes } from './routes/build.ts';
import { imageTransferRoutes } from './routes/image-transfer.ts';
import { imageRoutes } from './routes/images.ts';
import { logRoutes } from './routes/logs.ts';
import { networkRoutes } from './routes/networks.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { configRoutes, secretRoutes } from './routes/secrets.ts';
import { serviceRoutes } from './routes/services.ts';
import { swarmRoutes } from './routes/swarm.ts';
import { systemRoutes } from './routes/system.ts';
import { taskRoutes } from './routes/tasks.ts';
import { pluginRoutes } from './routes/plugins.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { unsupported } from './routes/unsupported.ts';
import { apiVersion, splitVersion } from './version.ts';

/** Docker's Engine API over the cluster: a request in, an answer out; faults become Docker's error bodies. */
export const createDockerApi = (context: DockerContext): ((request: ApiRequest) => Promise<Reply>) => {
  const route = createRouter([
    ...systemRoutes(context),
    ...nodeRoutes(context),
    ...serviceRoutes(context),
    ...taskRoutes(context),
    ...networkRoutes(context),
    ...secretRoutes(context),
    ...configRoutes(context),
    ...swarmRoutes(context),
    ...eventRoutes(context),
    ...logRoutes(context),
    ...containerCreateRoutes(context),
    ...containerRoutes(context),
    ...pluginRoutes(context),
    ...volumeRoutes(context),
    ...buildRoutes(context),
    ...imageTransferRoutes(context),
    ...imageRoutes(context),
    ...distributionRoutes(context),
  ]);
  const headers = {
    'api-version': apiVersion,
    'docker-experimental': 'false',
    ostype: 'linux',
    server: `Tutti/${context.version} (linux)`,
  };
  const answer = async (request: ApiRequest): Promise<Reply> => {
    const asked = splitVersion(request.path);
    const found = route(request.method, asked.path);
    if (found === undefined) return unsupported(asked.path);
    return await found.handler({ ...request, ...asked, params: found.params });
  };
  const answered = answerFailures(answer, errorReply);
  return async (request) => {
    const reply = await answered(request);
    return { ...reply, headers: { ...headers, ...reply.headers } };
  };
};
