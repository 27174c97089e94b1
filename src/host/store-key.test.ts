import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestCluster } from '../manager/testing/cluster.ts';
import { silentLog } from '../platform/log.ts';
import type { Directories } from './host.ts';
import { keepLocked } from './lock.ts';
import { nodePaths } from './paths.ts';
import { readStoreKey, writeStoreKey } from './store-key.ts';

const key = randomBytes(32);
let directories: Directories;
before(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-key-'));
  directories = { stateDirectory: directory, runDirectory: directory };
});
after(async () => await rm(directories.stateDirectory, { recursive: true }));

test('a sealed key opens with its unlock key alone, and the file does not hold it', async () => {
  await writeStoreKey(directories, key, 'SWMKEY-1-right');
  const path = nodePaths(directories).storeKey;
  assert.equal((await readFile(path, 'utf8')).includes(key.toString('base64')), false);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const kept = await readStoreKey(directories);
  assert.ok(kept.kind === 'locked');
  assert.deepEqual(kept.open('SWMKEY-1-right\n'), key);
  assert.throws(() => kept.open('SWMKEY-1-wrong'), { code: 'permission-denied' });
});

test('the file follows the cluster: locked, with another key, and not locked', async () => {
  await writeStoreKey(directories, key, undefined);
  await using cluster = await TestCluster.start({ nodes: 1 });
  const { commands, queries } = cluster.manager;
  const sealed = async (): Promise<string | undefined> => {
    const unlockKey = queries.cluster().unlockKey;
    const kept = await readStoreKey(directories);
    return kept.kind === 'locked' && unlockKey !== undefined ? kept.open(unlockKey).toString('hex') : undefined;
  };
  const lock = async (autoLock: boolean): Promise<void> => {
    const { version, spec } = queries.cluster();
    await commands.updateCluster(version, { ...spec, autoLock });
  };
  await assert.rejects(commands.rotateUnlockKey(), { code: 'conflict' });
  {
    await using _ = await keepLocked({ store: cluster.store, directories, log: silentLog }, key, undefined);
    await lock(true);
  }
  assert.match(queries.cluster().unlockKey ?? '', /^SWMKEY-1-[A-Za-z0-9+/]{43}$/);
  assert.equal(await sealed(), key.toString('hex'));
  const before = queries.cluster().unlockKey;
  await commands.rotateUnlockKey();
  // A manager that died before it had written the file does so when it starts.
  await (await keepLocked({ store: cluster.store, directories, log: silentLog }, key, before))[Symbol.asyncDispose]();
  assert.notEqual(queries.cluster().unlockKey, before);
  assert.equal(await sealed(), key.toString('hex'));
  const now = queries.cluster().unlockKey;
  await lock(false);
  await (await keepLocked({ store: cluster.store, directories, log: silentLog }, key, now))[Symbol.asyncDispose]();
  assert.equal((await readStoreKey(directories)).kind, 'open');
});
