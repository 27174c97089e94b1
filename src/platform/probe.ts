import { connect } from 'node:net';

const timeoutMs = 1_000;

/** This machine itself was not able to ask: the address is not there yet, or there are no sockets left. */
const ownFaults = new Set(['EADDRNOTAVAIL', 'EADDRINUSE', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/**
 * Whether a machine answers at an address, by a TCP connection to a port where nobody listens: its kernel refuses that, whatever
 * processes of ours live there. `from`: an address of this machine; absent: the one that the kernel takes.
 */
export const probeMachine = async (
  to: string,
  from: string | undefined,
  port: number,
  signal: AbortSignal,
): Promise<'reached' | 'failed' | 'unknown'> =>
  await new Promise((resolve) => {
    const socket = connect({ host: to, port, ...(from !== undefined && { localAddress: from }) });
    const end = (outcome: 'reached' | 'failed' | 'unknown'): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(outcome);
    };
    const abort = (): void => end('unknown');
    // What came while this process stood still is heard first.
    const timer = setTimeout(() => setImmediate(() => end('failed')), timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => end('reached'));
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      end(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'reached' : ownFaults.has(code) ? 'unknown' : 'failed');
    });
  });
