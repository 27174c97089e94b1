import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { createStore } from '../create.ts';
import { driverContract } from '../driver.contract.ts';
import type { DriverHarness } from '../driver.contract.ts';
import { aTask } from '../fixtures.ts';
import { hasCode } from '../has-code.ts';
import { aesSealer } from '../seal.ts';
import type { Sealer } from '../seal.ts';
import { storeContract } from '../store.contract.ts';
import { sqliteDriver } from './sqlite.ts';

const key = randomBytes(32);

const directory = async () => {
  const path = await mkdtemp(join(tmpdir(), 'tutti-store-'));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
};

const harness = async (sealer?: Sealer): Promise<DriverHarness> => {
  const home = await directory();
  const options = { path: join(home.path, 'store.db'), ...(sealer === undefined ? {} : { sealer }) };
  return { open: () => sqliteDriver(options), [Symbol.asyncDispose]: home[Symbol.asyncDispose] };
};

driverContract('sqlite', async () => harness());
driverContract('sqlite, sealed', async () => harness(aesSealer(key)));
storeContract('sqlite', async () => harness());
storeContract('sqlite, sealed', async () => harness(aesSealer(key)));

describe('sqlite driver', () => {
  it('is locked against a second manager, and free again after closing', async () => {
    await using home = await directory();
    const path = join(home.path, 'store.db');
    {
      await using _first = sqliteDriver({ path });
      assert.throws(() => sqliteDriver({ path }), hasCode('in-use', /another manager/));
    }
    await using _second = sqliteDriver({ path });
  });

  it('leaves nothing in the clear when sealed, and nothing that others may read', async () => {
    await using home = await directory();
    await using driver = sqliteDriver({ path: join(home.path, 'store.db'), sealer: aesSealer(key) });
    await driver.commit(0, 1, [{ table: 'task', id: 't1', after: aTask('t1', { serviceName: 'swordfish' }) }]);
    await driver.saveCheckpoint('swordfish');
    const files = await readdir(home.path);
    assert.ok(files.length >= 2, 'database and write-ahead log');
    for (const file of files) {
      assert.equal((await readFile(join(home.path, file))).includes('swordfish'), false, file);
      assert.equal((await stat(join(home.path, file))).mode & 0o077, 0, file);
    }
  });

  it('says so when the key is another, or a row was moved', async () => {
    await using home = await directory();
    const path = join(home.path, 'store.db');
    {
      await using driver = sqliteDriver({ path, sealer: aesSealer(key) });
      await driver.commit(0, 1, [{ table: 'task', id: 't1', after: aTask('t1') }]);
    }
    {
      await using driver = sqliteDriver({ path, sealer: aesSealer(randomBytes(32)) });
      await assert.rejects(createStore({ driver, clock: Date }), hasCode('corrupt', /task t1 cannot be decrypted/));
    }
    const database = new DatabaseSync(path);
    database.exec("UPDATE object SET id = 't2'");
    database.close();
    await using driver = sqliteDriver({ path, sealer: aesSealer(key) });
    await assert.rejects(createStore({ driver, clock: Date }), hasCode('corrupt', /task t2/));
  });

  it('refuses a file that is not a database, is damaged, or is of a newer version', async () => {
    await using home = await directory();
    const path = join(home.path, 'store.db');
    await writeFile(path, 'this is not a database'.repeat(100));
    assert.throws(() => sqliteDriver({ path }), hasCode('corrupt', /put a backup in their place/));
    await rm(path);
    {
      await using driver = sqliteDriver({ path });
      await driver.commit(
        0,
        1,
        Array.from({ length: 200 }, (_, index) => ({ table: 'task', id: `t${index}`, after: aTask(`t${index}`) })),
      );
    }
    const bytes = await readFile(path);
    bytes.fill(0x5a, 8192, 12_288);
    await writeFile(path, bytes);
    assert.throws(() => sqliteDriver({ path }), hasCode('corrupt'));
    await rm(path);
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    assert.throws(() => sqliteDriver({ path }), hasCode('conflict', /newer Tutti/));
  });

  it('names a directory that is missing', () => {
    assert.throws(() => sqliteDriver({ path: '/nowhere/at/all/store.db' }), hasCode('permission-denied', /ENOENT/));
  });
});
