import type { Manager } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { readJsonAsItIs } from '../../http/body.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { paramOf } from '../../http/request.ts';
import { forward } from '../forward.ts';
import { passOn, withQuery } from './pass.ts';
import { readReply } from './read-reply.ts';
import { isRecord } from './record.ts';

/** Far more than any client sends. */
const bodyLimit = 8 * 1024 * 1024;

/** What is no JSON is refused before what is not there, as engines do: their own word is not to be had for a stranger's name. */
const orRefusedBody =
  (request: ApiRequest) =>
  async (thrown: unknown): Promise<never> => {
    if (thrown instanceof TuttiError && thrown.code === 'not-found') {
      if ((await readJsonAsItIs(request, bodyLimit)) === undefined) {
        throw new TuttiError('invalid-argument', 'got EOF while reading request body');
      }
    }
    throw thrown;
  };

/** Makes an exec on the container's node and remembers where it is. */
export const createExec = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const path = withQuery(request, '/exec');
  const { container, reply } = await passOn(manager, request, { path }).catch(orRefusedBody(request));
  if (reply.kind !== 'stream') return reply;
  const { status, headers } = reply;
  const text = await readReply(reply);
  const made: unknown = status === 201 ? JSON.parse(text) : undefined;
  if (isRecord(made) && typeof made['Id'] === 'string') manager.inventory.noteExec(made['Id'], container.nodeId);
  return { kind: 'text', status, text, headers };
};

export const startExec = async (manager: Manager, request: ApiRequest): Promise<Reply> =>
  await passExec(manager, request).catch(orRefusedBody(request));

/** As bodies: a size that is no number is refused before what is not there. */
export const orRefusedSize =
  ({ query }: ApiRequest) =>
  (thrown: unknown): never => {
    const bad = ['h', 'w'].map((name) => query.get(name) ?? '').find((size) => !/^[+-]?\d+$/.test(size));
    if (bad !== undefined && thrown instanceof TuttiError && thrown.code === 'not-found') {
      throw new TuttiError('invalid-argument', `strconv.Atoi: parsing ${JSON.stringify(bad)}: invalid syntax`);
    }
    throw thrown;
  };

/** Passes a request about an exec on to the node that has it. */
export const passExec = async (manager: Manager, request: ApiRequest): Promise<Reply> => {
  const { nodeId } = await manager.inventory.findExec(paramOf(request, 'id'), request.signal);
  return await forward(manager, nodeId, request);
};
