import { isIPv4 } from 'node:net';
import { TuttiError } from '../model/errors.ts';

/** Managers listen here unless told otherwise. */
export const defaultPort = 2377;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `10.0.0.1:2377`, `10.0.0.1`, `manager.example:2377`, `[::1]:2377`. Throws `invalid-argument`. */
export const parseAddress = (text: string): Address => {
  const match = /^(?:\[(?<six>[0-9a-fA-F:]+)\]|(?<host>[^:\s[\]]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const host = match?.groups?.['six'] ?? match?.groups?.['host'];
  const port = Number(match?.groups?.['port'] ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new TuttiError('invalid-argument', `"${text}" is not an address of a manager; write HOST:PORT`);
  }
  return { host, port };
};

export const formatAddress = ({ host, port }: Address): string =>
  isIPv4(host) || !host.includes(':') ? `${host}:${port}` : `[${host}]:${port}`;
