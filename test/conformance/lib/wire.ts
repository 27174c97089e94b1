import { Agent, createServer, request as open } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { rm } from 'node:fs/promises';

/** One exchange that went over the wire. Bodies are absent where they were larger than what is kept. */
export interface Exchange {
  readonly method: string;
  /** Path with version and query. */
  readonly target: string;
  readonly requestHeaders: IncomingMessage['headers'];
  readonly requestBody?: Buffer;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body?: Buffer;
  /** False where either side hung up before the answer's end. */
  readonly whole: boolean;
}

const keptBytes = 4 << 20;

/** Collects what passes, up to a limit. */
const keeper = (): { add(chunk: Buffer): void; get(): Buffer | undefined } => {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add: (chunk) => {
      size += chunk.length;
      if (size <= keptBytes) chunks.push(chunk);
      else chunks.length = 0;
    },
    get: () => (size <= keptBytes ? Buffer.concat(chunks) : undefined),
  };
};

/**
 * A socket that passes everything on to another one, as it comes, taken-over connections too, and tells of every
 * exchange when it is over.
 */
export const startWire = async (
  socketPath: string,
  target: string,
  onExchange: (exchange: Exchange) => void,
): Promise<AsyncDisposable> => {
  // Kept alive: an engine that closes as soon as it has answered breaks the end of what is written to it.
  const agent = new Agent({ keepAlive: true });
  const dial = (message: IncomingMessage) =>
    open({ socketPath: target, method: message.method, path: message.url, headers: message.headers, agent });

  const tell = (message: IncomingMessage, answer: IncomingMessage, sent?: Buffer, body?: Buffer): void =>
    onExchange({
      method: message.method ?? '',
      target: message.url ?? '',
      requestHeaders: message.headers,
      ...(sent !== undefined && { requestBody: sent }),
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      ...(body !== undefined && { body }),
      whole: answer.complete,
    });

  const passOn = (message: IncomingMessage, response: ServerResponse): void => {
    const upstream = dial(message);
    const sent = keeper();
    const answered = keeper();
    message.on('data', sent.add);
    message.pipe(upstream);
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer));
      response.flushHeaders();
      answer.on('data', answered.add);
      answer.once('close', () => {
        tell(message, answer, sent.get(), answered.get());
        if (!answer.complete) response.destroy();
      });
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    response.once('close', () => {
      if (!response.writableFinished) upstream.destroy();
    });
  };

  const taken = new Set<Socket>();
  const takeOver = (message: IncomingMessage, client: Socket, head: Buffer): void => {
    const upstream = dial(message);
    const bodyBytes = Number(message.headers['content-length'] ?? 0);
    taken.add(client);
    client.once('close', () => {
      taken.delete(client);
      upstream.destroy();
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    // The request's own body is behind the head like what the client says afterwards.
    if (head.length > 0) client.unshift(head);
    const answered = (answer: IncomingMessage, socket: Socket, rest: Buffer): void => {
      client.write(statusLine(answer));
      if (rest.length > 0) client.write(rest);
      socket.on('error', () => client.destroy());
      client.once('close', () => socket.destroy());
      socket.once('close', () => client.destroySoon());
      socket.pipe(client);
      client.pipe(socket);
      tell(message, answer);
    };
    upstream.on('upgrade', answered);
    upstream.on('response', (answer) => {
      const kept = keeper();
      client.write(statusLine(answer, 'Connection: close\r\n'));
      answer.on('data', kept.add);
      answer.once('close', () => tell(message, answer, undefined, kept.get()));
      answer.pipe(client);
    });
    void readBytes(client, bodyBytes).then((body) => upstream.end(body));
  };

  const server = createServer(passOn).on('upgrade', takeOver);
  server.requestTimeout = 0;
  // A client may send its next request whenever it likes.
  server.keepAliveTimeout = 0;
  server.timeout = 0;
  await rm(socketPath, { force: true });
  await new Promise<void>((listening) => server.listen(socketPath, listening));
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      // Of a client that vanished before it was answered nobody hears: it is not read from until then.
      for (const client of taken) client.destroy();
      await new Promise<void>((closed) => server.close(() => closed()));
      agent.destroy();
    },
  };
};

/** The headers of an answer without those of its connection, which is another one. */
const endToEnd = ({ rawHeaders }: IncomingMessage): string[] =>
  rawHeaders.flatMap((name, index) => {
    const skipped = index % 2 === 1 || /^(?:connection|keep-alive)$/i.test(name);
    return skipped ? [] : [name, rawHeaders[index + 1] ?? ''];
  });

const statusLine = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage, more = ''): string => {
  const lines = rawHeaders.flatMap((name, index) => {
    const skipped = index % 2 === 1 || (more !== '' && /^(?:connection|transfer-encoding)$/i.test(name));
    return skipped ? [] : [`${name}: ${rawHeaders[index + 1]}\r\n`];
  });
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}${more}\r\n`;
};

const readBytes = async (socket: Socket, count: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let left = count;
  while (left > 0 && !socket.destroyed) {
    const chunk = (socket.read(Math.min(left, socket.readableLength || left)) ?? undefined) as Buffer | undefined;
    if (chunk === undefined) {
      await new Promise<void>((more) => {
        socket.once('readable', more);
        socket.once('close', more);
      });
      continue;
    }
    left -= chunk.length;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
