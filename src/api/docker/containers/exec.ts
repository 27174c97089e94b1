import type { Manager } from '../../../manager/manager.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import { forward } from '../forward.ts';
import { passOn, withQuery } from './pass.ts';
import { readReply } from './read-reply.ts';
import { isRecord } from './record.ts';

/** Makes an exec on the container's node and remembers where it is. */
export const createExec = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const { container, reply } = await passOn(manager, request, { path: withQuery(request, '/exec') });
  if (reply.kind !== 'stream') return reply;
  const { status, headers } = reply;
  const text = await readReply(reply);
  const made: unknown = status === 201 ? JSON.parse(text) : undefined;
  if (isRecord(made) && typeof made['Id'] === 'string') manager.inventory.noteExec(made['Id'], container.nodeId);
  return { kind: 'text', status, text, headers };
};

/** Passes a request about an exec on to the node that has it. */
export const passExec = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const { nodeId } = await manager.inventory.findExec(paramOf(request, 'id'), request.signal);
  return await forward(manager, nodeId, request);
};
