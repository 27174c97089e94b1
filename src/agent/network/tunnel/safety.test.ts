import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSafety } from './safety.ts';

const isOver = async (promise: Promise<void>): Promise<boolean> =>
  await Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(resolve)).then(() => false)]);

test('who asks in the middle of a look waits for the next one', async () => {
  using safety = createSafety();
  assert.ok(await isOver(safety.safe()), 'nothing is asked for');
  safety.ask();
  const first = safety.safe();
  const done = safety.look();
  safety.ask();
  const second = safety.safe();
  done();
  assert.ok(await isOver(first));
  assert.equal(await isOver(second), false);
  safety.look()();
  assert.ok(await isOver(second));
});

test('a look that failed leaves what it was for to the next, and nobody waits for ever', async () => {
  const safety = createSafety();
  safety.ask();
  const waits = safety.safe();
  safety.look();
  assert.equal(await isOver(waits), false);
  safety.look()();
  assert.ok(await isOver(waits));
  safety.ask();
  const late = safety.safe();
  safety[Symbol.dispose]();
  assert.ok(await isOver(late));
});
