import { connect, type TLSSocket } from 'node:tls';
import { TuttiError } from '../../model/errors.ts';
import { parseAddress } from '../address.ts';
import type { Credentials } from '../certificates/credentials.ts';

/** Whom to trust and as whom to come. */
export type DialTrust =
  /** As a node of the cluster. */
  | { readonly kind: 'node'; readonly credentials: Credentials }
  /** As nobody, to a manager of the authority. */
  | { readonly kind: 'authority'; readonly authority: string }
  /** As nobody, to whoever answers: what it says is to be checked by other means. */
  | { readonly kind: 'anyone' };

const tlsOptions = (trust: DialTrust) => {
  switch (trust.kind) {
    case 'node':
      return { key: trust.credentials.key, cert: trust.credentials.certificate, ca: trust.credentials.authority };
    case 'authority':
      return { ca: trust.authority };
    case 'anyone':
      return { rejectUnauthorized: false };
  }
};

const fault = (address: string, error: NodeJS.ErrnoException): TuttiError => {
  const code = error.code ?? '';
  const network = /^(E[A-Z]+)$/.test(code);
  if (network) return new TuttiError('unavailable', `manager ${address} cannot be reached: ${code}`, { cause: error });
  return new TuttiError('unauthenticated', `manager ${address} is not of this cluster: ${error.message}`, {
    cause: error,
  });
};

/** An idle connection is tried after this: what stands between may have forgotten it. */
const keepAliveMs = 15_000;

/**
 * A TLS 1.3 connection to a manager, whose certificate must be the authority's and a manager's. Throws `unavailable`
 * (no connection), `unauthenticated` (no manager of this cluster) or the signal's reason.
 */
export const dial = (address: string, protocol: string, trust: DialTrust, signal: AbortSignal): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port } = parseAddress(address);
    const socket = connect({
      host,
      port,
      servername: 'manager',
      minVersion: 'TLSv1.3',
      ALPNProtocols: [protocol],
      ...tlsOptions(trust),
    });
    const abort = () => finish(signal.reason);
    const failed = (error: Error) => finish(fault(address, error));
    const ended = () => finish(new TuttiError('unavailable', `manager ${address} closed the connection`));
    const finish = (error?: unknown) => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed).off('close', ended);
      if (error === undefined && socket.alpnProtocol === protocol) {
        socket.setKeepAlive(true, keepAliveMs);
        resolve(socket);
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(error ?? new TuttiError('unavailable', `${address} is not a manager of Tutti`));
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', failed).once('close', ended);
    socket.once('secureConnect', () => finish());
  });
