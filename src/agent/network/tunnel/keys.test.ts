import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wireguardKey } from '../../../model/common.ts';
import type { NodeKeys } from './key.ts';
import { createTunnelKeys } from './keys.ts';

const day = 86_400_000;

const keptKeys = () => {
  let stored: NodeKeys | undefined;
  let now = 5;
  const taken: string[] = [];
  const store = {
    load: async () => stored,
    save: async (keys: NodeKeys) => void (stored = keys),
  };
  const open = () => createTunnelKeys(store, { now: () => now }, (publicKey) => taken.push(publicKey));
  return { open, taken, stored: () => stored, pass: (ms: number) => void (now += ms) };
};

test('the key is made once and kept, and another one announced first and used two seconds after it is heard of', async () => {
  const { open, taken, stored, pass } = keptKeys();
  const keys = open();
  const first = await keys.announced();
  assert.ok(wireguardKey.safeParse(first).success);
  assert.equal(await open().announced(), first, 'another process finds it');
  const inUse = await keys.inUse(first);
  const next = await keys.rotate();
  assert.notEqual(next, first);
  assert.equal(await keys.announced(), next, 'the others are told of it');
  pass(day);
  assert.equal(await keys.inUse(first), inUse, 'however long they take to hear of it');
  assert.equal(await keys.inUse(next), inUse);
  assert.ok(keys.isChanging());
  pass(1_999);
  assert.equal(await keys.inUse(next), inUse);
  pass(1);
  assert.notEqual(await keys.inUse(next), inUse);
  assert.deepEqual(taken, [next]);
  assert.equal(stored()?.current.publicKey, next);
  assert.equal(stored()?.next, undefined);
  assert.equal(keys.isChanging(), false);
});

test('a key that is in use for a month gets a next one, once', async () => {
  const { open, pass } = keptKeys();
  const keys = open();
  const first = await keys.announced();
  pass(30 * day);
  assert.equal(await keys.announced(), first);
  pass(1);
  const next = await keys.announced();
  assert.notEqual(next, first);
  assert.equal(await keys.announced(), next);
});

test('what could not be kept is tried again', async () => {
  let full = true;
  const store = {
    load: async () => undefined,
    save: async () => {
      if (full) throw new Error('no space');
    },
  };
  const keys = createTunnelKeys(store, { now: () => 5 }, assert.fail);
  await assert.rejects(keys.announced(), /no space/);
  full = false;
  assert.ok(await keys.announced());
});
