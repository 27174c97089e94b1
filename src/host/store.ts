import { TuttiError } from '../model/errors.ts';
import { readText } from '../platform/files.ts';
import type { Clock } from '../platform/ports.ts';
import { createStore } from '../store/create.ts';
import { sqliteDriver } from '../store/drivers/sqlite.ts';
import { aesSealer } from '../store/seal.ts';
import type { Store } from '../store/store.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

/** Opens the manager's store with the key beside it. Throws `corrupt` when there is no key, and what the store throws. */
export const openStore = async (directories: Directories, clock: Clock): Promise<Store> => {
  const { store: path, storeKey } = nodePaths(directories);
  const key = await readText(storeKey);
  if (key === undefined) {
    throw new TuttiError('corrupt', `${storeKey} is missing: without it the cluster's state cannot be read`);
  }
  return await createStore({ driver: sqliteDriver({ path, sealer: aesSealer(Buffer.from(key, 'base64')) }), clock });
};
