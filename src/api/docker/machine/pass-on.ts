import { readAnswer } from '../../../manager/engines/ask.ts';
import type { NodeResponse } from '../../../rpc/transport.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { headerOf } from '../../http/request.ts';
import { targetOf } from '../forward.ts';
import type { PassOn } from './ports.ts';

const headersOf = ({ headers, upgrade }: ApiRequest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      // Behind an upgrade the body has no length: its first bytes are counted apart.
      value === undefined || (upgrade !== undefined && name === 'content-length') ? [] : [[name, String(value)]],
    ),
  );

/** A request without a body must stay one: engines refuse to start a container with a body of unknown length. */
const hasBody = (request: ApiRequest): boolean =>
  request.upgrade !== undefined ||
  headerOf(request, 'transfer-encoding') !== undefined ||
  Number(headerOf(request, 'content-length') ?? 0) > 0;

/** The client's request, unchanged, to whoever answers for this machine now. */
export const ask = async (to: PassOn, request: ApiRequest): Promise<NodeResponse> =>
  await to(
    {
      method: request.method,
      path: targetOf(request),
      headers: headersOf(request),
      ...(hasBody(request) && { body: request.body }),
      ...(request.upgrade && { upgrade: request.upgrade.protocol, upgradeBodyBytes: request.upgrade.bodyBytes }),
    },
    request.signal,
  );

export const replyOf = ({ status, headers = {}, upgraded, body }: NodeResponse): Reply =>
  upgraded === undefined
    ? { kind: 'stream', status, chunks: body, headers }
    : { kind: 'upgraded', status: 101, chunks: body, headers };

/** What is read whole here is small: descriptions of an engine or a cluster. */
const textLimit = 16 * 1024 * 1024;

export const textOf = async (response: NodeResponse): Promise<string> => await readAnswer(response, textLimit);
