import { engineMessage, readAnswer } from '../../../manager/engines/ask.ts';
import { chunkOf } from '../../../rpc/body.ts';
import { withDeadline } from '../../../rpc/deadline.ts';
import { json } from '../../http/reply.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import type { DockerContext } from '../context.ts';

/** What one engine said to a short request. */
interface OneAnswer {
  readonly status: number;
  readonly text: string;
}

/** A volume driver may have to reach a server. */
const deadlineMs = 60_000;

/** A request of one engine whose answer is looked at before it is passed on. */
export const askOne = async (
  { manager, clock }: DockerContext,
  nodeId: string,
  request: ApiRequest,
  engine: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<OneAnswer> => {
  const { method, path, body } = engine;
  using deadline = withDeadline(clock, deadlineMs, `${method} ${path}`, request.signal);
  const response = await manager.engines.request(
    nodeId,
    {
      method,
      path,
      ...(request.version !== undefined && { apiVersion: request.version }),
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: chunkOf(Buffer.from(JSON.stringify(body))),
      }),
    },
    deadline.signal,
  );
  return { status: response.status, text: await readAnswer(response) };
};

/** The engine's refusal, as it is. */
export const refusalOf = ({ status, text }: OneAnswer): Reply =>
  json({ message: engineMessage(text) ?? `the engine answered ${status}` }, status);
