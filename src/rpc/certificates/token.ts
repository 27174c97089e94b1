import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import { TuttiError } from '../../model/errors.ts';

/**
 * Join tokens have Swarm's form, `SWMTKN-1-<digest>-<secret>`: the SHA-256 of the authority's certificate (DER) and 16
 * random bytes, in base 36. The digest lets the joining node know that it talks to the right cluster.
 */
const pattern = /^SWMTKN-1-(?<digest>[0-9a-z]{50})-(?<secret>[0-9a-z]{25})$/;

const base36 = (bytes: Buffer, length: number): string =>
  BigInt(`0x${bytes.toString('hex')}`)
    .toString(36)
    .padStart(length, '0');

/** 50 digits of base 36. Throws `invalid-argument` when it is not a certificate. */
export const authorityDigest = (authority: string): string => {
  try {
    return base36(createHash('sha256').update(new X509Certificate(authority).raw).digest(), 50);
  } catch (error) {
    throw new TuttiError('invalid-argument', 'not a certificate', { cause: error });
  }
};

export const createToken = (authority: string): string =>
  `SWMTKN-1-${authorityDigest(authority)}-${base36(randomBytes(16), 25)}`;

/** What a locked manager is unlocked with, in Swarm's form: 32 random bytes. Secret. */
export const createUnlockKey = (): string => `SWMKEY-1-${randomBytes(32).toString('base64').replace(/=+$/, '')}`;

/** The digest that a token has in it. Throws `invalid-argument`; the message does not repeat the token. */
export const tokenDigest = (token: string): string => {
  const digest = pattern.exec(token)?.groups?.['digest'];
  if (digest === undefined) {
    throw new TuttiError('invalid-argument', 'the join token is not valid: it has the form SWMTKN-1-…-…');
  }
  return digest;
};

/** Compares in a time that does not depend on where they differ. */
export const sameSecret = (given: string, wanted: string): boolean => {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
};
