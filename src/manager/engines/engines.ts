import { apiVersionHeader, formatEnginePath } from '../../rpc/engine.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { Engines } from '../manager.ts';

/** The nodes' engines, over the connections that their agents keep for requests. */
export const createEngines = (requests: NodeRequests): Engines => ({
  request: async (nodeId, { path, apiVersion, headers, ...request }, signal) =>
    await requests.request(
      nodeId,
      {
        ...request,
        path: formatEnginePath(path),
        headers: { ...headers, ...(apiVersion !== undefined && { [apiVersionHeader]: apiVersion }) },
      },
      signal,
    ),
});
