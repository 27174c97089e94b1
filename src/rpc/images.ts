import { TuttiError } from '../model/errors.ts';
import type { Clock } from '../platform/ports.ts';
import { imageAnswer } from './calls.ts';
import type { ImageAnswer } from './calls.ts';
import type { Credentials } from './certificates/credentials.ts';
import { callManager } from './http2/call.ts';

export interface ImageAsker {
  readonly managers: readonly string[];
  readonly credentials: () => Credentials;
  readonly clock: Clock;
}

export interface FetchImageOptions {
  /** The registry was asked already, in vain. */
  readonly pullFailed: boolean;
  readonly signal: AbortSignal;
  /** Told how far it is: `12 MB`. */
  readonly onProgress: (progress: string) => void;
}

/** Where it is in the end. */
export type FetchedImage = Exclude<ImageAnswer, { readonly kind: 'coming' }>;

/**
 * Has a manager bring an image from another node to this one, for as long as it takes. Throws `unavailable` where no
 * manager answers or the image did not arrive.
 */
export const fetchImageWith = async (
  { managers, credentials, clock }: ImageAsker,
  image: string,
  { pullFailed, signal, onProgress }: FetchImageOptions,
): Promise<FetchedImage> => {
  let last: unknown = new TuttiError('unavailable', 'no manager is known');
  for (const address of managers) {
    try {
      for (;;) {
        const trust = { kind: 'node', credentials: credentials() } as const;
        const body = { image, pullFailed };
        const call = { address, trust, name: 'image', body, answer: imageAnswer, clock, signal };
        const answer = await callManager(call);
        if (answer.kind !== 'coming') return answer;
        onProgress(`${Math.round(answer.bytes / 1e6)} MB`);
      }
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  }
  throw last;
};
