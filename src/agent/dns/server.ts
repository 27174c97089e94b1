import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Server, Socket as Connection } from 'node:net';
import { TuttiError } from '../../model/errors.ts';

export type Transport = 'udp' | 'tcp';

/** Answers a message of a client at `address`; undefined: nothing is sent back. Must not throw. */
export type Handler = (
  message: Buffer,
  address: string,
  transport: Transport,
) => Buffer | undefined | Promise<Buffer | undefined>;

/** Of a gateway, and of one client of it. */
const mostConnections = 256;
const mostConnectionsOfOne = 32;
const idleMs = 5_000;
const longestQuestion = 4_096;
const mostUnread = 1_048_576;

/** Listens for DNS on an address, UDP and TCP. @throws TuttiError `unavailable` (no such address here) or `conflict` (taken). */
export async function listen(address: string, port: number, handle: Handler): Promise<AsyncDisposable> {
  // Addresses of clients are looked up by nobody, and not a turn of the event loop later.
  const udp = createSocket({
    type: 'udp4',
    recvBufferSize: 4_194_304,
    lookup: (host, _options, done) => done(null, host, 4),
  });
  const connections = new Map<Connection, string>();
  const tcp = createServer((connection) => {
    const client = connection.remoteAddress ?? '';
    const others = [...connections.values()].filter((each) => each === client).length;
    if (others >= mostConnectionsOfOne) {
      connection.destroy();
      return;
    }
    connections.set(connection, client);
    connection.on('close', () => connections.delete(connection));
    serve(connection, client, handle);
  });
  tcp.maxConnections = mostConnections;
  try {
    await opened(udp, (done) => udp.bind(port, address, done));
    await opened(tcp, (done) => tcp.listen(port, address, done));
  } catch (cause) {
    closeQuietly(udp, tcp);
    throw explained(cause, address, port);
  }
  // An answer that cannot be sent is lost, as any datagram may be.
  udp.on('error', () => undefined);
  tcp.on('error', () => undefined);
  udp.on('message', (message, { address: client, port: clientPort }) => {
    if (message.length > longestQuestion) return;
    const found = handle(message, client, 'udp');
    if (found instanceof Promise) found.then((late) => late && udp.send(late, clientPort, client, ignore), ignore);
    else if (found !== undefined) udp.send(found, clientPort, client);
  });
  return {
    async [Symbol.asyncDispose]() {
      closeQuietly(udp, tcp);
      for (const connection of connections.keys()) connection.destroy();
      await Promise.resolve();
    },
  };
}

const ignore = (): void => undefined;

async function opened(socket: Socket | Server, open: (done: () => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    open(() => {
      socket.removeListener('error', reject);
      resolve();
    });
  });
}

function closeQuietly(udp: Socket, tcp: Server): void {
  try {
    udp.close();
  } catch {
    // It was never open.
  }
  tcp.close(ignore);
}

function explained(cause: unknown, address: string, port: number): TuttiError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EADDRINUSE') {
    const message = `port ${port} of ${address} is taken by another program: a DNS server on this node listens on every address; have it leave ${address} out`;
    return new TuttiError('conflict', message, { cause });
  }
  return new TuttiError('unavailable', `the resolver cannot listen on ${address}:${port}: ${String(cause)}`, { cause });
}

/** Any number of questions after one another, also before the answers: each is answered when its answer is there. */
function serve(connection: Connection, client: string, handle: Handler): void {
  let buffered = Buffer.alloc(0);
  connection.setTimeout(idleMs, () => connection.destroy());
  connection.on('error', () => connection.destroy());
  connection.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2) {
      const length = buffered.readUInt16BE(0);
      if (length > longestQuestion) {
        connection.destroy();
        return;
      }
      if (buffered.length < length + 2) return;
      const message = buffered.subarray(2, length + 2);
      buffered = buffered.subarray(length + 2);
      const send = (found: Buffer | undefined): void => {
        if (found === undefined || connection.destroyed) return;
        connection.write(framed(found));
        // Whoever asks on and on without reading would have the answers kept here.
        if (connection.writableLength > mostUnread) connection.destroy();
      };
      Promise.resolve(handle(message, client, 'tcp')).then(send, ignore);
    }
  });
}

/** With its length before it, as TCP has it. */
export function framed(message: Buffer): Buffer {
  const whole = Buffer.alloc(message.length + 2);
  whole.writeUInt16BE(message.length, 0);
  message.copy(whole, 2);
  return whole;
}
