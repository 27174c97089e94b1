import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { renewAnswer } from '../calls.ts';
import { callManager } from '../http2/call.ts';
import type { Credentials } from './credentials.ts';
import { createRequest } from './request.ts';

export interface RenewOptions {
  readonly managers: readonly string[];
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A new key with a new certificate, from the first manager that gives one. Throws what the last one threw. */
export const renewWith = async ({ managers, credentials, clock, signal }: RenewOptions): Promise<Credentials> => {
  const { key, request } = await createRequest();
  let last: unknown = new TuttiError('unavailable', 'no manager is known');
  for (const address of managers) {
    try {
      const trust = { kind: 'node', credentials } as const;
      const call = { address, trust, name: 'renew', body: { request }, answer: renewAnswer, clock, signal };
      const { certificate, authority } = await callManager(call);
      return { key, certificate, authority };
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  }
  throw last;
};
