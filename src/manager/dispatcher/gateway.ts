import { TuttiError } from '../../model/errors.ts';
import { decodeLogParts, formatLogPath } from '../../rpc/logs.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { AgentGateway } from '../logs/gateway.ts';
import { logLines } from './log-lines.ts';

/** What the manager asks of agents, over their connections for requests. */
export const createAgentGateway = (requests: NodeRequests): AgentGateway => ({
  openLogs: async function* (nodeId, taskId, { timed = false, ...options }, signal) {
    const timestamps = options.timestamps || timed;
    const response = await requests.request(
      nodeId,
      { path: formatLogPath(taskId, { ...options, timestamps }) },
      signal,
    );
    if (response.status !== 200) {
      throw new TuttiError('internal', `node ${nodeId} answered ${response.status} to a request for logs`);
    }
    const stamps = timestamps ? (options.timestamps ? 'kept' : 'cut') : 'none';
    yield* logLines(decodeLogParts(response.body), stamps);
  },
});
