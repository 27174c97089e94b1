import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireguardKey } from '../../../model/common.ts';
import type { NodeKeys } from './key.ts';
import { createTunnelKeys } from './keys.ts';

test('the key is made once, kept, and replaced in two steps', async () => {
  let stored: NodeKeys | undefined;
  const store = {
    load: async () => stored,
    save: async (keys: NodeKeys) => void (stored = keys),
  };
  const keys = createTunnelKeys(store, { now: () => 5 });
  const first = await keys.announced();
  assert.ok(wireguardKey.safeParse(first).success);
  assert.equal(await createTunnelKeys(store, { now: () => 6 }).announced(), first, 'another process finds it');
  const next = await keys.rotate();
  assert.notEqual(next, first);
  assert.equal(await keys.announced(), next, 'the others are told of it');
  assert.equal((await keys.get()).current.publicKey, first, 'and it is not in use yet');
  assert.equal((await keys.take()).current.publicKey, next);
  assert.equal(stored?.next, undefined);
});

test('what could not be kept is tried again', async () => {
  let full = true;
  const store = {
    load: async () => undefined,
    save: async () => {
      if (full) throw new Error('no space');
    },
  };
  const keys = createTunnelKeys(store, { now: () => 5 });
  await assert.rejects(keys.get(), /no space/);
  full = false;
  assert.ok(await keys.announced());
});
