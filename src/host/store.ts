import type { Clock } from '../platform/ports.ts';
import { createStore } from '../store/create.ts';
import { sqliteDriver } from '../store/drivers/sqlite.ts';
import { aesSealer } from '../store/seal.ts';
import type { Store } from '../store/store.ts';
import type { Directories } from './host.ts';
import { nodePaths } from './paths.ts';

/** Opens the manager's store with its key. Throws what the store throws. */
export const openStore = async (directories: Directories, key: Uint8Array, clock: Clock): Promise<Store> =>
  await createStore({ driver: sqliteDriver({ path: nodePaths(directories).store, sealer: aesSealer(key) }), clock });
