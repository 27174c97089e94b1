import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createStore } from '../create.ts';
import { aTask } from '../fixtures.ts';
import { hasCode } from '../has-code.ts';
import { sqliteDriver } from './sqlite.ts';

/** A small file system of its own; undefined where this process may not mount one. */
const smallDisk = async () => {
  const path = await mkdtemp(join(tmpdir(), 'tutti-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'ignore' });
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
};

it('refuses a write on a full disk, applies nothing of it, and goes on once there is room', async (context) => {
  await using disk = await smallDisk();
  if (disk === undefined) {
    context.skip('needs the right to mount');
    return;
  }
  const path = join(disk.path, 'store.db');
  const ballast = join(disk.path, 'ballast');
  await writeFile(ballast, Buffer.alloc(600 * 1024));
  let written = 0;
  {
    await using store = await createStore({ driver: sqliteDriver({ path }), clock: Date });
    const large = async (id: string) =>
      store.update((tx) => tx.create('task', aTask(id, { serviceName: 'x'.repeat(40_000) })));
    await assert.rejects(
      async () => {
        for (; written < 100; written += 1) await large(`t${written}`);
      },
      hasCode('resource-exhausted', /the disk of .* is full: nothing was written, free some space/),
    );
    assert.ok(written > 0 && written < 100);
    assert.equal(store.view.count('task'), written);
    assert.equal(store.view.revision, written);
    await assert.rejects(
      store.checkpoint().then(async () => large('again')),
      hasCode('resource-exhausted'),
    );
    await rm(ballast);
    await large('after');
    assert.equal(store.view.count('task'), written + 1);
  }
  await using store = await createStore({ driver: sqliteDriver({ path }), clock: Date });
  assert.equal(store.view.count('task'), written + 1);
  assert.ok(store.view.get('task', 'after') !== undefined);
});
