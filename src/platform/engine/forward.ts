import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Readable } from 'node:stream';
import { Agent, request } from '../../rpc/node-http.ts';
import { compareApi } from '../../model/api-version.ts';
import { TuttiError } from '../../model/errors.ts';
import { bodyOf, streamUnder } from '../../rpc/body.ts';
import { pump } from '../../rpc/pump.ts';
import type { NodeRequest, NodeResponse } from '../../rpc/transport.ts';
import { parseEndpoint } from './endpoint.ts';
import { faultOfConnection } from './errors.ts';

export interface EngineForwarder extends Disposable {
  /**
   * `path` has no version. Gives the engine's answer as it comes. Throws `unavailable` where the engine is not there. The
   * signal ends both directions.
   */
  forward(request: NodeRequest, signal: AbortSignal): Promise<NodeResponse>;
}

export interface ForwarderOptions {
  /** `unix:///path` or `tcp://host:port`. */
  readonly endpoint: string;
  /** Absent: paths have their version already, where they have one, and are left as they are. */
  readonly versions?: {
    /** The newest version of the engine's API; asked again until it is known. Throws `unavailable`. */
    readonly newest: (signal: AbortSignal) => Promise<string>;
    /** Name of the request's header that says which version the client speaks. */
    readonly header: string;
  };
}

/** Those of one connection, which are not passed on, and what the two ends say to one another. */
const hopHeaders = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Requests to one engine that are passed on unchanged, in the version that the client and the engine both speak. */
export const createForwarder = (options: ForwarderOptions): EngineForwarder => {
  const endpoint = parseEndpoint(options.endpoint);
  const target =
    endpoint.kind === 'unix' ? { socketPath: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

  const { versions } = options;
  const prefixOf = async (asked: string | undefined, signal: AbortSignal): Promise<string> => {
    if (versions === undefined) return '';
    const newest = await versions.newest(signal);
    return `/v${asked !== undefined && compareApi(asked, newest) < 0 ? asked : newest}`;
  };

  return {
    forward: async (given, signal) => {
      signal.throwIfAborted();
      const { [versions?.header ?? '']: asked, ...headers } = given.headers ?? {};
      const prefix = await prefixOf(asked, signal);
      const outgoing = request({
        ...target,
        // A connection that was taken over is nobody else's.
        ...(given.upgrade === undefined ? { agent } : { agent: false as const }),
        method: given.method ?? 'GET',
        path: `${prefix}${given.path}`,
        headers: {
          ...passedOn(headers),
          Host: 'docker',
          ...(given.upgrade !== undefined && { Connection: 'Upgrade', Upgrade: given.upgrade }),
        },
      });
      const abort = () => outgoing.destroy(TuttiError.from(signal.reason));
      signal.addEventListener('abort', abort, { once: true });
      outgoing.once('close', () => signal.removeEventListener('abort', abort));
      outgoing.setNoDelay(true);
      return await (given.upgrade === undefined
        ? exchange(outgoing, given, options.endpoint)
        : takeOver(outgoing, given, options.endpoint, signal));
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
};

const exchange = async (outgoing: ClientRequest, given: NodeRequest, name: string): Promise<NodeResponse> => {
  const answered = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', answered.resolve);
  outgoing.once('error', (cause) => answered.reject(faultOfConnection(cause, name)));
  send(outgoing, given);
  const incoming = await answered.promise;
  // The engine may answer before it has read everything, and end: that is no fault of the answer.
  outgoing.on('error', () => undefined);
  return { status: incoming.statusCode ?? 502, headers: plain(incoming.headers), body: bytesOf(incoming, name) };
};

const takeOver = async (
  outgoing: ClientRequest,
  given: NodeRequest,
  name: string,
  signal: AbortSignal,
): Promise<NodeResponse> => {
  const answered = Promise.withResolvers<NodeResponse>();
  const [head, stream] = await splitAt(given.body, given.upgradeBodyBytes ?? 0);
  outgoing.once('response', (incoming: IncomingMessage) =>
    answered.resolve({
      status: incoming.statusCode ?? 502,
      headers: plain(incoming.headers),
      body: bytesOf(incoming, name),
    }),
  );
  outgoing.once('upgrade', (incoming: IncomingMessage, socket: Duplex, first: Buffer) => {
    const abort = () => socket.destroy(TuttiError.from(signal.reason));
    signal.addEventListener('abort', abort, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
    if (first.length > 0) socket.unshift(first);
    socket.on('error', () => undefined);
    // The end of what the client sends closes one half only: what the container still says follows.
    pump(stream, socket).catch(() => undefined);
    answered.resolve({
      status: 200,
      headers: plain(incoming.headers),
      upgraded: given.upgrade ?? 'tcp',
      body: bytesOf(socket, name),
    });
  });
  outgoing.on('error', (cause) => answered.reject(faultOfConnection(cause, name)));
  if (head.length > 0) outgoing.setHeader('Content-Length', head.length);
  outgoing.end(head);
  return await answered.promise;
};

/** Nothing that a request carries before its connection is taken over is longer. */
const maxHeadBytes = 1024 * 1024;

/** The first bytes, and what follows them. Throws `invalid-argument` where there are fewer. */
const splitAt = async (
  body: AsyncIterable<Uint8Array> | undefined,
  bytes: number,
): Promise<readonly [head: Buffer, rest: AsyncIterable<Uint8Array>]> => {
  if (bytes > maxHeadBytes) throw new TuttiError('invalid-argument', `a body of ${bytes} bytes is too long here`);
  const iterator = body?.[Symbol.asyncIterator]();
  let held = Buffer.alloc(0);
  while (held.length < bytes) {
    const next = await iterator?.next();
    if (next === undefined || next.done === true) throw new TuttiError('invalid-argument', 'the body is too short');
    held = Buffer.concat([held, next.value]);
  }
  const head = held.subarray(0, bytes);
  const under = body && streamUnder(body);
  if (body !== undefined && under !== undefined) {
    // Read on from the stream itself, which is much less work.
    if (held.length > bytes) under.source.unshift(held.subarray(bytes));
    return [head, body];
  }
  const rest = async function* () {
    if (held.length > bytes) yield held.subarray(bytes);
    if (iterator !== undefined) yield* { [Symbol.asyncIterator]: () => iterator };
  };
  return [head, rest()];
};

const send = (outgoing: ClientRequest, { method, body }: NodeRequest): void => {
  if (body === undefined || method === 'GET' || method === 'HEAD') {
    outgoing.end();
    return;
  }
  pump(body, outgoing).catch(() => undefined);
};

const bytesOf = (source: Readable, name: string): AsyncIterable<Uint8Array> =>
  bodyOf(source, (cause) => (cause === undefined ? undefined : faultOfConnection(cause, name)));

/** Sent once for each of their values: BuildKit reads no lists. On the way here they were joined. */
const repeatedHeaders = new Set(['x-docker-expose-session-grpc-method']);

const passedOn = (headers: Readonly<Record<string, string>>): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const lower = name.toLowerCase();
      if (hopHeaders.has(lower)) return [];
      return [[name, repeatedHeaders.has(lower) ? value.split(/, */) : value]];
    }),
  );

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && !hopHeaders.has(name) ? [[name, value]] : [],
    ),
  );
