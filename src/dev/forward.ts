import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { TuttiError } from '../model/errors.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Forward extends AsyncDisposable {
  /** The port that it listens on. */
  readonly port: number;
}

const connectMs = 1000;
const portsToTry = 20;

/**
 * Listens on 127.0.0.1 and passes every connection on to one of the targets, in turn; one that does not answer is
 * passed over. Tries the ports after `port` where it is taken.
 * @throws TuttiError `conflict` when twenty ports in a row are taken.
 */
export async function forward(port: number, targets: readonly Target[]): Promise<Forward> {
  const open = new Set<Socket>();
  let turn = 0;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    track(open, client);
    turn += 1;
    const order = targets.map((_, index) => targets[(turn + index) % targets.length]);
    void dial(order.filter((target) => target !== undefined)).then((target) => {
      if (target === undefined || client.destroyed) {
        client.destroy();
        target?.destroy();
        return;
      }
      track(open, target);
      client.on('close', () => target.destroy());
      target.on('close', () => client.destroy());
      client.pipe(target);
      target.pipe(client);
      client.resume();
    });
  });
  const listening = await listen(server, port);
  return {
    port: listening,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

function track(open: Set<Socket>, socket: Socket): void {
  open.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => open.delete(socket));
}

/** The first of the targets that accepts. */
async function dial(targets: readonly Target[]): Promise<Socket | undefined> {
  for (const target of targets) {
    const socket = await new Promise<Socket | undefined>((resolve) => {
      const attempt = connect({ ...target, timeout: connectMs });
      const fail = (): void => {
        attempt.destroy();
        resolve(undefined);
      };
      attempt.once('timeout', fail);
      attempt.once('error', fail);
      attempt.once('connect', () => {
        attempt.setTimeout(0);
        attempt.off('timeout', fail);
        attempt.off('error', fail);
        resolve(attempt);
      });
    });
    if (socket !== undefined) return socket;
  }
  return undefined;
}

async function listen(server: Server, first: number): Promise<number> {
  for (let port = first; port < first + portsToTry; port += 1) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (error === undefined) {
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    }
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
  }
  throw new TuttiError('conflict', `the ports ${first} to ${first + portsToTry - 1} of this machine are all taken`);
}
