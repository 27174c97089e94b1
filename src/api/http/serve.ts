import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Reply } from './reply.ts';
import type { ApiRequest } from './request.ts';

/** Answers every request; it turns its own errors into replies. */
export type Answer = (request: ApiRequest) => Promise<Reply>;

/** Told of what went wrong after an answer had begun, or in `answer` itself. */
export type OnFault = (fault: unknown, request: ApiRequest) => void;

/** A listener for node:http servers around `answer`. */
export const serve =
  (answer: Answer, onFault: OnFault): RequestListener =>
  (message, response) => {
    const aborter = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) aborter.abort(new DOMException('the client hung up', 'AbortError'));
    });
    const request = requestOf(message, aborter.signal);
    answer(request)
      .then((reply) => send(reply, response, aborter.signal))
      .catch((fault: unknown) => {
        if (!aborter.signal.aborted) onFault(fault, request);
        response.destroy();
      });
  };

const requestOf = (message: IncomingMessage, signal: AbortSignal): ApiRequest => {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    params: {},
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: message.headers,
    body: message,
    signal,
  };
};

const send = async (reply: Reply, response: ServerResponse, signal: AbortSignal): Promise<void> => {
  switch (reply.kind) {
    case 'json': {
      const text = `${JSON.stringify(reply.body)}\n`;
      end(response, reply, { 'content-type': 'application/json' }, text);
      return;
    }
    case 'text':
      end(response, reply, { 'content-type': 'text/plain; charset=utf-8' }, reply.text);
      return;
    case 'empty':
      end(response, reply, {}, '');
      return;
    case 'stream':
      response.writeHead(reply.status, reply.headers);
      response.flushHeaders();
      await pipeline(Readable.from(reply.chunks, { objectMode: true }), response, { signal });
      return;
  }
};

const end = (
  response: ServerResponse,
  reply: Exclude<Reply, { kind: 'stream' }>,
  headers: Readonly<Record<string, string>>,
  text: string,
): void => {
  const length =
    reply.kind === 'empty' && reply.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(text)) };
  response.writeHead(reply.status, { ...headers, ...length, ...reply.headers });
  response.end(text);
};
