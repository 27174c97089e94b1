import { generateKeyPairSync } from 'node:crypto';
import * as z from 'zod';
import { wireguardKey } from '../../../model/common.ts';

/** Keys of Curve25519 as WireGuard writes them, base64. */
export interface KeyPair {
  /** Secret: it stays on the node. */
  readonly privateKey: string;
  readonly publicKey: string;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
}

export const keyPair = z.object({ privateKey: wireguardKey, publicKey: wireguardKey, madeAt: z.number() });

/** What the node keeps: the key in use, and the one that it changes to as soon as the other nodes have heard of it. */
export const nodeKeys = z.object({ current: keyPair, next: keyPair.optional() });
export type NodeKeys = Readonly<z.infer<typeof nodeKeys>>;

export function createKeyPair(now: number): KeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  return { privateKey: base64(d), publicKey: base64(x), madeAt: now };
}

const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
