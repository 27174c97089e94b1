import { TuttiError } from '../model/errors.ts';
import type { Log } from '../platform/ports.ts';
import type { Store } from '../store/store.ts';
import type { Directories } from './host.ts';
import { writeStoreKey } from './store-key.ts';

export interface LockPorts {
  readonly store: Pick<Store, 'view' | 'subscribe'>;
  readonly directories: Directories;
  readonly log: Pick<Log, 'info' | 'error'>;
}

const unlockKeyIn = ({ view }: LockPorts['store']): string | undefined => {
  const [cluster] = view.list('cluster');
  return cluster?.unlockKey;
};

/**
 * Keeps the file with the store's key sealed as the cluster's row says, from now on: with its unlock key, or not at all.
 * `sealedWith`: what it was opened with. Resolves when the file is as it should be now.
 */
export const keepLocked = async (
  ports: LockPorts,
  key: Uint8Array,
  sealedWith: string | undefined,
): Promise<AsyncDisposable> => {
  const { store, directories, log } = ports;
  let written = sealedWith;
  let writing: Promise<void> = Promise.resolve();
  const follow = async (): Promise<void> => {
    const wanted = unlockKeyIn(store);
    if (wanted === written) return;
    await writeStoreKey(directories, key, wanted);
    written = wanted;
    log.info(wanted === undefined ? 'this manager is not locked any more' : 'this manager is locked when it stops');
  };
  const look = (): void => {
    writing = writing.then(follow).catch((thrown: unknown) => {
      log.error('the key of the store could not be sealed as it should be', { error: TuttiError.from(thrown).message });
    });
  };
  const subscription = store.subscribe(({ durable, changes }) => {
    if (durable && changes.some(({ table }) => table === 'cluster')) look();
  });
  look();
  await writing;
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      await writing;
    },
  };
};
