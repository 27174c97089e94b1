import type { TLSSocket } from 'node:tls';
import { identityOf } from '../certificates/credentials.ts';
import type { Peer } from '../transport.ts';

export type Caller =
  | { readonly kind: 'node'; readonly peer: Peer }
  /** Without a certificate: may join. */
  | { readonly kind: 'nobody'; readonly address: string }
  /** With one that is not of this cluster, or has ended. */
  | { readonly kind: 'stranger' };

/** Who is at the other end of an accepted connection. */
export const callerOf = (socket: TLSSocket): Caller => {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'nobody', address };
  const identity = socket.authorized ? identityOf(certificate) : undefined;
  return identity === undefined ? { kind: 'stranger' } : { kind: 'node', peer: { ...identity, address } };
};
