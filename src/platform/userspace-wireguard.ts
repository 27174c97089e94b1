import { connect } from 'node:net';

/**
 * Holds a connection to the process behind a device of wireguard-go, and calls back when that is gone. Nothing is said on it.
 * A device of the kernel has no such process.
 */
export const watchUserspace = (device: string, gone: () => void): Disposable => {
  const socket = connect(`/var/run/wireguard/${device}.sock`);
  let reached = false;
  socket.unref();
  socket.on('connect', () => (reached = true));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (reached) gone();
  });
  return {
    [Symbol.dispose]: () => {
      reached = false;
      socket.destroy();
    },
  };
};
