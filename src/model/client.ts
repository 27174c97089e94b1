import * as z from 'zod';
import type { Stored } from './object.ts';

/** Somebody who may use the API over TCP: the holder of one client certificate. Deleting the row revokes it. */
export interface ApiClient extends Stored<string> {
  /** For people: `tutti (ann@laptop)`. Several may have the same. */
  readonly name: string;
  /** When the certificate ends, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

const day = 24 * 60 * 60 * 1000;
export const defaultClientLifeMs = 365 * day;
const longestClientLifeMs = 10 * 365 * day;

/** A request for a client certificate: the key stays with whoever asks. */
export const clientRequest = z.strictObject({
  name: z.string().trim().min(1).max(255),
  /** PKCS #10, PEM. */
  request: z.string().max(16_384),
  lifeMs: z.number().int().min(60_000).max(longestClientLifeMs).default(defaultClientLifeMs),
});
export type ClientRequest = z.output<typeof clientRequest>;
