import { connect } from 'node:net';
import type { Clock, Log } from '../../../platform/ports.ts';
import { talk } from './session.ts';
import type { SessionHandlers } from './session.ts';

export interface DialPorts {
  /** The resolver's socket. */
  readonly path: string;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
  readonly log: Log;
}

export interface DialHandlers extends SessionHandlers {
  /** The connection is gone, whether a session was opened on it or not. */
  readonly closed: () => void;
}

const firstPauseMs = 10;
const longestPauseMs = 500;

/** Connects to the resolver until it is aborted, with growing pauses between connections that come to nothing. */
export async function keepDialling(ports: DialPorts, handlers: DialHandlers, signal: AbortSignal): Promise<void> {
  let pause = firstPauseMs;
  while (!signal.aborted) {
    // One that hangs up on what it is told would otherwise be told it again without a pause.
    const tookSomething = await hold(ports, handlers, signal);
    pause = tookSomething ? firstPauseMs : Math.min(pause * 2, longestPauseMs);
    await ports.clock.sleep(pause, signal).catch(() => undefined);
  }
}

/** One connection, from its beginning to its end; resolves with whether the resolver took what it was told. */
async function hold({ path, clock, log }: DialPorts, handlers: DialHandlers, signal: AbortSignal): Promise<boolean> {
  const socket = connect(path);
  const closed = Promise.withResolvers<void>();
  const stop = (): void => void socket.destroy();
  let reason = '';
  let answered = false;
  let tookSomething = false;
  signal.addEventListener('abort', stop, { once: true });
  socket.on('error', ({ message }) => (reason = message));
  socket.on('close', () => closed.resolve());
  talk(socket, clock, {
    opened(session) {
      answered = true;
      log.info('the resolver is here', { known: session.known });
      handlers.opened(session);
    },
    free() {
      tookSomething = true;
      handlers.free();
    },
    listened: handlers.listened,
  });
  await closed.promise;
  signal.removeEventListener('abort', stop);
  handlers.closed();
  if (answered && !signal.aborted) log.warn('the resolver is gone', { reason });
  return tookSomething;
}
