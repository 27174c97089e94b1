import type { Clock } from '../../../platform/ports.ts';
import { createKeyPair } from './key.ts';
import type { NodeKeys } from './key.ts';
import type { KeyStore } from './ports.ts';

/** The node's keys. The private halves leave this process for the store and for WireGuard only. */
export interface TunnelKeys {
  get(): Promise<NodeKeys>;
  /** What the other nodes are to know: the next key where there is one. */
  announced(): Promise<string>;
  /** Makes the next key; gives its public half. The node changes to it when `take` is called. */
  rotate(): Promise<string>;
  /** From now on the next key is the one in use. */
  take(): Promise<NodeKeys>;
}

export function createTunnelKeys(store: KeyStore, clock: Pick<Clock, 'now'>): TunnelKeys {
  let known: Promise<NodeKeys> | undefined;
  const keep = async (keys: NodeKeys): Promise<NodeKeys> => {
    await store.save(keys);
    known = Promise.resolve(keys);
    return keys;
  };
  const first = async (): Promise<NodeKeys> => {
    const stored = await store.load();
    return stored ?? (await keep({ current: createKeyPair(clock.now()) }));
  };
  const get = async (): Promise<NodeKeys> => {
    known ??= first();
    // What failed is tried again.
    known.catch(() => (known = undefined));
    return await known;
  };
  return {
    get,
    async announced() {
      const { current, next } = await get();
      return (next ?? current).publicKey;
    },
    async rotate() {
      const { current } = await get();
      const next = createKeyPair(clock.now());
      await keep({ current, next });
      return next.publicKey;
    },
    async take() {
      const { current, next } = await get();
      return await keep({ current: next ?? current });
    },
  };
}
