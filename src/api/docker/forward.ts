import type { Manager } from '../../manager/manager.ts';
import type { Reply } from '../http/reply.ts';
import type { ApiRequest } from '../http/request.ts';

export interface ForwardOptions {
  /** The engine's path with its query, where it is not the client's own. */
  readonly path?: string;
  /** Instead of the client's body. */
  readonly body?: AsyncIterable<Uint8Array>;
  /** Headers besides the client's, or instead of them; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Passes the client's request on to the engine of a node and its answer back, as they come: status, headers and body,
 * connections that are taken over too.
 */
export const forward = async (
  { engines }: Pick<Manager, 'engines'>,
  nodeId: string,
  request: ApiRequest,
  options: ForwardOptions = {},
): Promise<Reply> => {
  const { upgrade, version } = request;
  const response = await engines.request(
    nodeId,
    {
      method: request.method,
      path: options.path ?? targetOf(request),
      headers: headersOf(request, options.headers),
      ...bodyOf(request, options.body),
      ...(version !== undefined && { apiVersion: version }),
      ...(upgrade !== undefined && { upgrade: upgrade.protocol, upgradeBodyBytes: upgrade.bodyBytes }),
    },
    options.signal ?? request.signal,
  );
  const headers = answerHeaders(response.headers ?? {});
  return response.upgraded === undefined
    ? { kind: 'stream', status: response.status, chunks: response.body, headers }
    : { kind: 'upgraded', status: 101, chunks: response.body, headers };
};

/** Whether the client says that a body follows. */
export const announcesBody = ({ headers, upgrade }: ApiRequest): boolean =>
  upgrade !== undefined ||
  headers['transfer-encoding'] !== undefined ||
  (headers['content-length'] !== undefined && headers['content-length'] !== '0');

/** A request that announces no body has none: nothing is waited for. */
const bodyOf = (request: ApiRequest, given: ForwardOptions['body']): { readonly body?: AsyncIterable<Uint8Array> } =>
  given !== undefined ? { body: given } : announcesBody(request) ? { body: request.body } : {};

/** Path and query as the client sent them, without the version. */
export const targetOf = ({ path, query }: Pick<ApiRequest, 'path' | 'query'>): string =>
  query.size === 0 ? path : `${path}?${query.toString()}`;

/** What the engine needs of the client's own headers; the rest belongs to the connection. */
const passedOn =
  /^(?:accept|content-(?:type|length|encoding)|x-registry-.*|x-docker-.*|sec-websocket-.*|origin|if-.*|range)$/;

const headersOf = (
  request: ApiRequest,
  added: Readonly<Record<string, string | undefined>> = {},
): Readonly<Record<string, string>> => {
  // Behind an upgrade the body has no length: its first bytes are counted by `upgradeBodyBytes`.
  const skipped = request.upgrade === undefined ? '' : 'content-length';
  const own = Object.entries(request.headers).filter(([name]) => passedOn.test(name) && name !== skipped);
  const all = { ...Object.fromEntries(own), ...added };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
};

/** The manager answers in its own name, and the length of what passes through is the engine's business. */
const notPassedBack = new Set(['api-version', 'server', 'ostype', 'docker-experimental', 'date', 'swarm']);

const answerHeaders = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !notPassedBack.has(name)));
