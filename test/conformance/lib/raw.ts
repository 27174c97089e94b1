import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** One request over a socket; the answer as it comes, so that a test reads it as slowly as it likes. */
export const open = async (
  socketPath: string,
  method: string,
  path: string,
  options: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<IncomingMessage> => {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const asked = request({ socketPath, method, path, headers: { ...type, ...options.headers } });
  asked.end(body);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  return answer;
};

/** Status, headers and JSON of an answer. */
export const ask = async <Body>(
  ...given: Parameters<typeof open>
): Promise<{ readonly status: number; readonly headers: IncomingMessage['headers']; readonly body: Body }> => {
  const answer = await open(...given);
  const whole = await text(answer);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    body: (whole.trim() === '' ? undefined : JSON.parse(whole)) as Body,
  };
};

/** A connection that goes over to another protocol. */
export const takeOver = async (
  socketPath: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly answer: IncomingMessage; readonly socket: Socket }> => {
  const asked = request({ socketPath, method, path, headers: { Connection: 'Upgrade', ...headers } });
  asked.end();
  const [answer, socket, head] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket, Buffer];
  if (head.length > 0) socket.unshift(head);
  socket.on('error', () => undefined);
  return { answer, socket };
};
