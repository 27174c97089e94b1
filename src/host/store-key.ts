import { createHash } from 'node:crypto';
import { TuttiError } from '../model/errors.ts';
import { readText, replaceFile } from '../platform/files.ts';
import { aesSealer } from '../store/seal.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

/** The key of the manager's store, as it is in its file. Secret. */
export type StoreKey =
  | { readonly kind: 'open'; readonly key: Buffer }
  /** Sealed with the cluster's unlock key. `open` throws `permission-denied` for a wrong one. */
  | { readonly kind: 'locked'; readonly open: (unlockKey: string) => Buffer };

const lockedPrefix = 'locked:';
const place = 'the key of the store';

/** Unlock keys are random, as long as a key: no stretching is needed. */
const sealerOf = (unlockKey: string) => aesSealer(createHash('sha256').update(unlockKey.trim()).digest());

/** Throws `corrupt` when there is none. */
export const readStoreKey = async (directories: Directories): Promise<StoreKey> => {
  const { storeKey } = nodePaths(directories);
  const text = await readText(storeKey);
  if (text === undefined) {
    throw new TuttiError('corrupt', `${storeKey} is missing: without it the cluster's state cannot be read`);
  }
  if (!text.startsWith(lockedPrefix)) return { kind: 'open', key: Buffer.from(text, 'base64') };
  return {
    kind: 'locked',
    open: (unlockKey) => {
      try {
        return Buffer.from(sealerOf(unlockKey).open(text.slice(lockedPrefix.length), place), 'base64');
      } catch (cause) {
        throw new TuttiError('permission-denied', 'swarm could not be unlocked: invalid key provided', { cause });
      }
    },
  };
};

/** Writes the key down: sealed where there is an unlock key, as it is where there is none. */
export const writeStoreKey = async (
  directories: Directories,
  key: Uint8Array,
  unlockKey: string | undefined,
): Promise<void> => {
  const text = Buffer.from(key).toString('base64');
  const kept = unlockKey === undefined ? text : `${lockedPrefix}${sealerOf(unlockKey).seal(text, place)}`;
  await replaceFile(nodePaths(directories).storeKey, kept, 0o600);
};
