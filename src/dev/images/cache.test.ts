import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { digestOf, locked } from './cache.ts';

async function directory(context: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tutti-cache-'));
  context.after(async () => await rm(root, { recursive: true }));
  return root;
}

test('the digest follows names and contents, not the place', async (context) => {
  const root = await directory(context);
  const make = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
    await mkdir(join(root, name, 'sub'), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(root, name, file), text);
    return await digestOf([join(root, name)]);
  };
  const first = await make('a', { Dockerfile: 'FROM x', 'sub/y': '1' });
  assert.equal(await make('b', { Dockerfile: 'FROM x', 'sub/y': '1' }), first);
  assert.notEqual(await make('c', { Dockerfile: 'FROM x', 'sub/y': '2' }), first);
  assert.notEqual(await make('d', { Dockerfile: 'FROM x', 'sub/z': '1' }), first);
});

test('two do not work at once, and the lock is gone after', async (context) => {
  const root = await directory(context);
  let inside = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    assert.equal(inside, 1);
    await readdir(root);
    inside -= 1;
  };
  await Promise.all([locked(root, undefined, work), locked(root, undefined, work)]);
  assert.deepEqual(await readdir(root), []);
});

test('the lock of a dead process is taken over', async (context) => {
  const root = await directory(context);
  await writeFile(join(root, 'lock'), '4194305');
  assert.equal(await locked(root, undefined, async () => 'done'), 'done');
});

test('waiting for the lock ends with the signal', async (context) => {
  const root = await directory(context);
  await writeFile(join(root, 'lock'), String(process.pid));
  await assert.rejects(
    locked(root, AbortSignal.abort(new Error('enough')), async () => undefined),
    /enough/,
  );
});
