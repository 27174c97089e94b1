import { connect } from 'node:net';

const answerMs = 5_000;
const answerBytes = 32 * 1024 * 1024;

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
