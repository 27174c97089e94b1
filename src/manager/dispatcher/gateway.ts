import { TuttiError } from '../../model/errors.ts';
import { decodeLogParts, formatLogPath, type LogPart } from '../../rpc/logs.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import type { AgentGateway, AgentLogLine } from '../logs/gateway.ts';

const lineFeed = 0x0a;
/** A line that is longer is passed on in pieces. */
const maxLineBytes = 1024 * 1024;

/** Cuts the parts of both streams into lines; what is left at the end is a line without a line feed. */
async function* linesOf(parts: AsyncIterable<LogPart>): AsyncGenerator<AgentLogLine> {
  const held: Record<LogPart['stream'], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const { stream, data } of parts) {
    let rest = held[stream].length === 0 ? Buffer.from(data) : Buffer.concat([held[stream], data]);
    for (let end = rest.indexOf(lineFeed); end !== -1; end = rest.indexOf(lineFeed)) {
      yield { stream, data: rest.subarray(0, end + 1) };
      rest = rest.subarray(end + 1);
    }
    if (rest.length > maxLineBytes) {
      yield { stream, data: rest };
      rest = Buffer.alloc(0);
    }
    held[stream] = rest;
  }
  for (const stream of ['stdout', 'stderr'] as const) if (held[stream].length > 0) yield { stream, data: held[stream] };
}

/** What the manager asks of agents, over their connections for requests. */
export const createAgentGateway = (requests: NodeRequests): AgentGateway => ({
  openLogs: async function* (nodeId, taskId, options, signal) {
    const response = await requests.request(nodeId, { path: formatLogPath(taskId, options) }, signal);
    if (response.status !== 200) {
      throw new TuttiError('internal', `node ${nodeId} answered ${response.status} to a request for logs`);
    }
    yield* linesOf(decodeLogParts(response.body));
  },
});
