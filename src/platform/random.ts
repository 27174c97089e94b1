import { randomBytes } from 'node:crypto';
import type { Randomness } from './ports.ts';

const idLength = 25;

/** 17 random bytes in base 36, as Swarm's identifiers are: 25 digits, the first ones cut where there are more. */
const randomId = (): string => {
  const value = BigInt(`0x${randomBytes(17).toString('hex')}`).toString(36);
  return value.slice(-idLength).padStart(idLength, '0');
};

/** The machine's randomness; identifiers come from the cryptographic source. */
export const systemRandomness: Randomness = { id: randomId, number: () => Math.random() };
