import type { ErrorCode } from '../../model/errors.ts';
import { TuttiError } from '../../model/errors.ts';
import { chunkOf } from '../../rpc/body.ts';
import type { EngineRequest, Manager } from '../manager.ts';
import { engineMessage, readAnswer } from './ask.ts';

/** As each is written back to the status that it came from. */
const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-argument',
  403: 'permission-denied',
  404: 'not-found',
  409: 'already-exists',
  501: 'not-implemented',
  503: 'unavailable',
};

/**
 * One request of one engine with a JSON body, its JSON answer read whole; undefined for an empty one. What the engine
 * refuses is thrown with its own words and the code of its status. Throws `unavailable` where the node is not there.
 */
export const tellEngine = async (
  { engines }: Pick<Manager, 'engines'>,
  nodeId: string,
  { json, ...request }: EngineRequest & { readonly json?: unknown },
  signal: AbortSignal,
): Promise<unknown> => {
  const withBody =
    json === undefined
      ? request
      : {
          ...request,
          body: chunkOf(Buffer.from(JSON.stringify(json))),
          headers: { ...request.headers, 'content-type': 'application/json' },
        };
  const response = await engines.request(nodeId, withBody, signal);
  const text = await readAnswer(response);
  const { status } = response;
  if (status >= 300) {
    const message = engineMessage(text) ?? `the engine of node ${nodeId} answered ${status}`;
    throw new TuttiError(codes[status] ?? 'internal', message, { fields: { status } });
  }
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch (cause) {
    throw new TuttiError('internal', `the engine of node ${nodeId} did not answer in JSON`, { cause });
  }
};
