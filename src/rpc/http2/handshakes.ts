import type { Socket } from 'node:net';
import { createPlaces } from './places.ts';

/** How long a TLS handshake may take, in milliseconds. */
export const handshakeMs = 5000;
/** Connections in their handshake: whoever opens more has to come again. */
const handshakePlaces = { all: 1000, perAddress: 100 };

/** Keeps count of the connections whose TLS handshake is under way. */
export interface Handshakes {
  /** False when there are too many. */
  begin(socket: Socket): boolean;
  /** `socket` is the one on top of that which began. */
  done(socket: Socket): void;
}

export const createHandshakes = (): Handshakes => {
  const places = createPlaces(handshakePlaces);
  const underWay = new Map<string, () => void>();
  const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress ?? ''} ${remotePort ?? ''}`;
  return {
    begin: (socket) => {
      const leave = places.take(socket.remoteAddress ?? '');
      if (leave === undefined) return false;
      const name = nameOf(socket);
      underWay.set(name, leave);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        leave();
        if (underWay.get(name) === leave) underWay.delete(name);
      });
      return true;
    },
    done: (socket) => {
      const name = nameOf(socket);
      underWay.get(name)?.();
      underWay.delete(name);
    },
  };
};
