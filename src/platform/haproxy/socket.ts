import { connect } from 'node:net';
import { linesOf } from '../../rpc/lines.ts';
import { request } from '../../rpc/node-http.ts';
import { wholeOf } from '../../rpc/whole.ts';

const answerMs = 5_000;
const answerBytes = 32 * 1024 * 1024;
const tooMuch = (): Error => new Error('haproxy answers more than can be');

/** Says a line to one of HAProxy's sockets, gives its answer. Undefined where nobody listens. Throws where somebody does and does not answer. */
export const say = async (path: string, command: string, signal: AbortSignal): Promise<string | undefined> => {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect(path);
  const chunks: Buffer[] = [];
  let size = 0;
  const fail = (message: string): void => {
    reject(new Error(message));
    socket.destroy();
  };
  const abort = (): void => fail('the agent stops');
  signal.addEventListener('abort', abort, { once: true });
  socket.setTimeout(answerMs, () => fail(`haproxy has not answered "${command.slice(0, 60)}" within ${answerMs} ms`));
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > answerBytes) fail('haproxy answers more than can be');
  });
  socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
    // It loads its configuration again, and hangs up with that.
    else if (code === 'ECONNRESET' || code === 'EPIPE') resolve(Buffer.concat(chunks).toString('utf8'));
    else reject(new Error(message));
  });
  socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
  socket.end(`${command}\n`);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
};

/** So many characters no line of its has. */
const lineLength = 1024 * 1024;
const tooLong = (): Error => new Error('haproxy says a line that is longer than can be');
const isGone = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code);

/** Says a line to one of HAProxy's sockets, gives the lines of its answer for as long as it goes on, as fast as they are taken. */
export async function* sayForLines(path: string, command: string, signal: AbortSignal): AsyncGenerator<string> {
  signal.throwIfAborted();
  const socket = connect(path);
  const abort = (): void => void socket.destroy(new Error('the agent stops'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    // It would take the end of what is said for the end of interest.
    socket.write(`${command}\n`);
    yield* linesOf(socket as AsyncIterable<Uint8Array>, lineLength, tooLong);
  } catch (thrown) {
    if (!(thrown instanceof Error && isGone(thrown))) throw thrown;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

/** The body of what it answers by HTTP at one of its sockets. Undefined where nobody listens. */
export const getText = async (socketPath: string, path: string, signal: AbortSignal): Promise<string | undefined> => {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const asked = request({ socketPath, path, signal, timeout: answerMs, agent: false }, (response) => {
    wholeOf(response, answerBytes, tooMuch).then((bytes) => resolve(bytes.toString()), reject);
  });
  asked.on('timeout', () => asked.destroy(new Error(`haproxy has not answered within ${answerMs} ms`)));
  asked.on('error', (fault) => (isGone(fault) ? resolve(undefined) : reject(fault)));
  asked.end();
  return await promise;
};

/** Calls once when whoever listens there is gone. It says nothing of itself: the connection ends when it does. */
export const watchSocket = (path: string, gone: () => void): Disposable => {
  const socket = connect(path);
  let over = false;
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.on('close', () => {
    if (!over) gone();
    over = true;
  });
  return {
    [Symbol.dispose]: () => {
      over = true;
      socket.destroy();
    },
  };
};
