import type { Clock } from '../../../platform/ports.ts';
import { createKeyPair } from './key.ts';
import type { NodeKeys } from './key.ts';
import type { KeyStore } from './ports.ts';

/** The node's keys. The private halves leave this process for the store and for WireGuard only. */
export interface TunnelKeys {
  /** What the other nodes are to know: the next key where there is one. One that has been in use for long gets a next one. */
  announced(): Promise<string>;
  /** Makes the next key; gives its public half. */
  rotate(): Promise<string>;
  /**
   * Private half of the key in use, given the public one that this node reads of itself: where that is the next key, the
   * others hear of it now, and it is in use a little later.
   */
  inUse(told: string | undefined): Promise<string>;
  /** The others have heard of the next key, and it is not in use yet. */
  isChanging(): boolean;
}

/** From hearing of the own next key to changing to it: the other nodes hear of it at the same time. */
const takeMs = 2_000;
/** A key is in use for this long. Sessions change theirs every two minutes anyway. */
const keyMs = 30 * 86_400_000;

/** Calls `taken` with the public half of a key that is in use from then on. */
export function createTunnelKeys(
  store: KeyStore,
  clock: Pick<Clock, 'now'>,
  taken: (publicKey: string) => void,
): TunnelKeys {
  let known: Promise<NodeKeys> | undefined;
  let takeAt: number | undefined;
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
  const rotate = async (): Promise<string> => {
    const { current } = await get();
    const next = createKeyPair(clock.now());
    await keep({ current, next });
    return next.publicKey;
  };
  return {
    async announced() {
      const { current, next } = await get();
      if (next === undefined && clock.now() - current.madeAt > keyMs) return await rotate();
      return (next ?? current).publicKey;
    },
    rotate,
    async inUse(told) {
      const { current, next } = await get();
      const heard = next !== undefined && told === next.publicKey;
      takeAt = heard ? (takeAt ?? clock.now() + takeMs) : undefined;
      if (next === undefined || takeAt === undefined || clock.now() < takeAt) return current.privateKey;
      takeAt = undefined;
      taken(next.publicKey);
      return (await keep({ current: next })).current.privateKey;
    },
    isChanging: () => takeAt !== undefined,
  };
}
