import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerResponse } from '../../rpc/node-http.ts';
import { TuttiError } from '../../model/errors.ts';
import { bodyOf } from '../../rpc/body.ts';
import { pump } from '../../rpc/pump.ts';
import type { Reply } from './reply.ts';
import type { ApiRequest } from './request.ts';

/** Answers every request; it turns its own errors into replies. */
export type Answer = (request: ApiRequest) => Promise<Reply>;

/** Told of what went wrong after an answer had begun, or in `answer` itself. */
export type OnFault = (fault: unknown, request: ApiRequest) => void;

/** Both halves of a node:http server: `createServer(served.listener).on('upgrade', served.upgrade)`. */
export interface Served {
  readonly listener: RequestListener;
  readonly upgrade: (message: IncomingMessage, socket: Socket, head: Buffer) => void;
}

/** What node:http servers need around `answer`. */
export const serve = (answer: Answer, onFault: OnFault, patience = usual): Served => {
  const respond = (
    request: ApiRequest,
    response: ServerResponse,
    aborter: AbortController,
    onReply: (reply: Reply) => void = () => undefined,
  ): void => {
    answer(request)
      .then((reply) => {
        onReply(reply);
        return send(reply, response);
      })
      .catch((fault: unknown) => {
        if (!aborter.signal.aborted) onFault(fault, request);
        response.destroy();
      });
  };
  /** How many answers are under way on a connection. */
  const busy = new WeakMap<Socket, number>();
  const count = (socket: Socket, change: 1 | -1): void => void busy.set(socket, (busy.get(socket) ?? 0) + change);
  return {
    listener: (message, response) => {
      const { socket } = message;
      count(socket, 1);
      response.once('close', () => count(socket, -1));
      const aborter = hangUp(response);
      // Whoever stops reading must not take the connection down with it: the answer goes over it.
      const body = bodyOf(message, brokenOff, { kept: true });
      letGoOf(message, response, patience);
      respond(requestOf(message, body, aborter.signal), response, aborter);
    },
    upgrade: (message, socket, head) => {
      socket.on('error', () => undefined);
      // Sent behind a request that has no answer yet: neither could be told from the other.
      if ((busy.get(socket) ?? 0) > 0) {
        socket.destroy();
        return;
      }
      socket.setNoDelay(true);
      if (head.length > 0) socket.unshift(head);
      const response = new ServerResponse(message);
      response.shouldKeepAlive = false;
      // A refusal is read as the stream that was asked for, by the docker command for one.
      response.useChunkedEncodingByDefault = false;
      response.assignSocket(socket);
      response.once('finish', () => socket.end());
      const aborter = hangUp(response, socket);
      const body = bodyOf(socket, brokenOff, { kept: true });
      const protocol = (message.headers.upgrade ?? 'tcp').toLowerCase();
      const bodyBytes = Number(message.headers['content-length'] ?? 0) || 0;
      const asked = { ...requestOf(message, body, aborter.signal), upgrade: { protocol, bodyBytes } };
      respond(asked, response, aborter, (reply) => {
        if (reply.kind === 'upgraded') return;
        // It stays with HTTP: nobody reads what else it says, and only who reads sees a client hang up. As node does.
        socket.once('end', () => socket.destroySoon()).resume();
      });
    },
  };
};

/** How long what a client does not do holds its connection. */
export interface Patience {
  /** What it still sends after the answer is read for so long, and thrown away. */
  readonly lateBodyMs: number;
  /** An answer that is handed over whole waits for its reader no longer. */
  readonly slowReaderMs: number;
}

const usual: Patience = { lateBodyMs: 10_000, slowReaderMs: 300_000 };

/** Sees to it that no client holds a connection by going on with its request, or by not reading the answer. */
const letGoOf = (message: IncomingMessage, response: ServerResponse, patience: Patience): void => {
  const destroyAfter = (ms: number): NodeJS.Timeout => setTimeout(() => message.socket.destroy(), ms).unref();
  let slow: NodeJS.Timeout | undefined;
  response.once('prefinish', () => {
    // After the close nothing would take the timer away. What the kernel has taken whole waits for nobody here.
    const waits = (response.socket?.writableLength ?? 0) > 0;
    if (waits && !response.closed && !response.destroyed) slow = destroyAfter(patience.slowReaderMs);
  });
  response.once('close', () => clearTimeout(slow));
  response.once('finish', () => {
    clearTimeout(slow);
    if (message.complete || message.destroyed) return;
    const late = destroyAfter(patience.lateBodyMs);
    message.once('close', () => clearTimeout(late));
  });
};

const brokenOff = (cause: unknown): unknown =>
  cause === undefined ? undefined : new TuttiError('cancelled', 'the client broke off its request', { cause });

const hangUp = (response: ServerResponse, socket?: Socket): AbortController => {
  const aborter = new AbortController();
  const abort = () => aborter.abort(new DOMException('the client hung up', 'AbortError'));
  if (socket !== undefined) socket.once('close', abort);
  else {
    response.once('close', () => {
      if (!response.writableFinished) abort();
    });
  }
  return aborter;
};

const requestOf = (message: IncomingMessage, body: AsyncIterable<Uint8Array>, signal: AbortSignal): ApiRequest => {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    params: {},
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: message.headers,
    body,
    signal,
  };
};

const send = async (reply: Reply, response: ServerResponse): Promise<void> => {
  switch (reply.kind) {
    case 'json': {
      const text = `${JSON.stringify(reply.body)}\n`;
      end(response, reply, { 'content-type': 'application/json' }, text);
      return;
    }
    case 'text':
      end(response, reply, { 'content-type': 'text/plain; charset=utf-8' }, reply.text);
      return;
    case 'bytes':
      end(response, reply, {}, reply.bytes);
      return;
    case 'empty':
      end(response, reply, {}, '');
      return;
    case 'stream':
      response.writeHead(reply.status, reply.headers);
      // Together with the first chunk where that is there.
      await pump(reply.chunks, response, { waiting: () => response.flushHeaders() });
      return;
    case 'upgraded':
      await goOver(reply, response);
      return;
  }
};

/**
 * docker-py reads the head through a buffer of its own and what follows from the socket itself: what comes together with
 * the head is lost to it, under whatever name it comes. An engine takes a moment to begin, too. Go reads both as one.
 */
const headAloneMs = 5;
const readsAsOne = ({ headers }: IncomingMessage): boolean =>
  /^(?:Docker-Client|Go-http-client)\//.test(headers['user-agent'] ?? '');

const goOver = async (reply: Extract<Reply, { kind: 'upgraded' }>, response: ServerResponse): Promise<void> => {
  const { socket, req } = response;
  if (socket === null) return;
  response.detachSocket(socket);
  const { upgrade } = req.headers;
  const [status, headers] =
    upgrade === undefined
      ? ['200 OK', { ...reply.headers, 'content-type': 'application/vnd.docker.raw-stream' }]
      : ['101 UPGRADED', { Connection: 'Upgrade', Upgrade: upgrade, ...reply.headers }];
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`);
  if (!readsAsOne(req)) await sleep(headAloneMs);
  await pump(reply.chunks, socket);
};

const end = (
  response: ServerResponse,
  reply: Exclude<Reply, { kind: 'stream' | 'upgraded' }>,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void => {
  const length =
    reply.kind === 'empty' && reply.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(reply.status, { ...headers, ...length, ...reply.headers });
  response.end(body);
};
