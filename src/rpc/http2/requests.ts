import { once } from 'node:events';
import {
  connect,
  constants,
  performServerHandshake,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { TuttiError } from '../../model/errors.ts';
import type { NodeRequest, NodeResponse, NodeService } from '../transport.ts';
import { bodyOf } from '../body.ts';
import { pump } from '../pump.ts';
import { errorFrom, errorHeader, readAll, respondError, upgradeBodyHeader, upgradeHeader } from './wire.ts';

const settings = {
  initialWindowSize: 1024 * 1024,
  maxFrameSize: 256 * 1024,
  maxConcurrentStreams: 10_000,
  enablePush: false,
};
/**
 * Of the connection as a whole, in each direction: what the kernel takes without being read. Node reads nothing while it
 * writes, so two ends that both wait for the other to read wait for good (ADR 50). Whoever reads slowly holds nothing of it,
 * only of its own stream's.
 */
const connectionWindow = 1024 * 1024;
/**
 * In megabytes. What waits for those who do not read counts; beyond it new requests are refused, by default from 10 MB on:
 * some fifty slow readers would have kept everybody from the node.
 */
const maxSessionMemory = 2048;

const plainHeaders = (headers: IncomingHttpHeaders): Record<string, string> => {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && !name.startsWith(':')) plain[name] = value;
  }
  return plain;
};

const lost = (cause: unknown) => new TuttiError('unavailable', 'the connection to the node was lost', { cause });

/** The bytes of a stream; a broken stream throws `unavailable` instead of ending. */
const bytesOf = (stream: ClientHttp2Stream | ServerHttp2Stream): AsyncIterable<Uint8Array> =>
  bodyOf(stream, (cause) =>
    cause !== undefined || stream.rstCode !== constants.NGHTTP2_NO_ERROR ? lost(cause) : undefined,
  );

const requestOf = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): NodeRequest => {
  const { [upgradeHeader]: upgrade, [upgradeBodyHeader]: bodyBytes, ...rest } = plainHeaders(headers);
  return {
    method: headers[':method'] ?? 'POST',
    path: headers[':path'] ?? '/',
    headers: rest,
    body: bytesOf(stream),
    ...(upgrade !== undefined && { upgrade, upgradeBodyBytes: Number(bodyBytes ?? 0) || 0 }),
  };
};

const answer = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, service: NodeService): Promise<void> => {
  const gone = new AbortController();
  stream.once('close', () => {
    // Heard before the pump's promise is, where all went well; a stream that was reset ends by itself before it closes.
    if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.writableFinished) {
      gone.abort(new TuttiError('cancelled', 'the manager does not want the answer any more'));
    }
  });
  stream.on('error', () => undefined);
  try {
    const response = await service(requestOf(stream, headers), gone.signal);
    if (stream.destroyed) return;
    const upgraded = response.upgraded === undefined ? {} : { [upgradeHeader]: response.upgraded };
    stream.respond({ ...response.headers, ...upgraded, ':status': response.status });
    await pump(response.body, stream);
  } catch (error) {
    respondError(stream, TuttiError.from(error));
  }
};

/** Answers the requests that come over the connection, until it is over or the signal aborts. */
export const serveRequests = async (socket: TLSSocket, service: NodeService, signal: AbortSignal): Promise<void> => {
  const session = performServerHandshake(socket, { settings, maxSessionMemory });
  const abort = () => session.destroy();
  signal.addEventListener('abort', abort, { once: true });
  session.on('error', () => undefined);
  session.setLocalWindowSize(connectionWindow);
  session.on('stream', (stream, headers) => void answer(stream, headers, service));
  if (signal.aborted) abort();
  if (!session.destroyed) await once(session, 'close').catch(() => undefined);
  signal.removeEventListener('abort', abort);
};

/** The manager's end of a connection that a node offered for requests. */
export const openRequests = (socket: TLSSocket): ClientHttp2Session => {
  const session = connect('https://node', { createConnection: () => socket, settings, maxSessionMemory });
  session.on('error', () => undefined);
  session.once('connect', () => session.setLocalWindowSize(connectionWindow));
  return session;
};

const sendBody = async (stream: ClientHttp2Stream, body: AsyncIterable<Uint8Array>): Promise<void> => {
  try {
    await pump(body, stream);
  } catch {
    stream.close(constants.NGHTTP2_CANCEL);
  }
};

/** One request over the connection. See NodeRequests. */
export const sendRequest = async (
  session: ClientHttp2Session,
  request: NodeRequest,
  signal: AbortSignal,
): Promise<NodeResponse> => {
  signal.throwIfAborted();
  const stream = session.request(
    {
      ...request.headers,
      ...(request.upgrade !== undefined && {
        [upgradeHeader]: request.upgrade,
        [upgradeBodyHeader]: String(request.upgradeBodyBytes ?? 0),
      }),
      ':method': request.method ?? 'POST',
      ':path': request.path,
    },
    { endStream: request.body === undefined },
  );
  stream.on('error', () => undefined);
  const abort = () => stream.close(constants.NGHTTP2_CANCEL);
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', abort));
  if (request.body !== undefined) void sendBody(stream, request.body);
  // Who has answered whole does not want the rest of the request.
  stream.once('end', () => {
    if (!stream.writableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
  });
  const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
    const closed = () => reject(signal.aborted ? signal.reason : lost(undefined));
    stream.once('response', (given) => {
      // Said aloud: a stream that is over and was neither read nor paused is emptied by node.
      stream.pause();
      stream.off('close', closed);
      resolve(given);
    });
    stream.once('close', closed);
  });
  const status = Number(headers[':status']);
  if (headers[errorHeader] !== undefined) throw errorFrom(await readAll(bytesOf(stream), 65_536), status);
  const { [upgradeHeader]: upgraded, ...rest } = plainHeaders(headers);
  return { status, headers: rest, body: bytesOf(stream), ...(upgraded !== undefined && { upgraded }) };
};
