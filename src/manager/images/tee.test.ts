import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { manualClock } from '../testing/clock.ts';
import { tee } from './tee.ts';

const read = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  let text = '';
  for await (const chunk of chunks) text += String(chunk);
  return text;
};

async function* letters(count: number, told: { at: number } = { at: 0 }) {
  for (let at = 0; at < count; at += 1) {
    told.at = at + 1;
    yield Buffer.from(String.fromCharCode(97 + (at % 26)));
  }
}

test('all readers get everything, in order', async () => {
  const all = tee(letters(100), 3, { clock: manualClock(), stallMs: 1000 });
  const texts = await Promise.all(all.map(read));
  const whole = await read(letters(100));
  assert.deepEqual(texts, [whole, whole, whole]);
});

test('the slowest sets the pace; one that stops holds nobody back', async () => {
  const told = { at: 0 };
  const [fast, slow] = tee(letters(100, told), 2, { clock: manualClock(), stallMs: 1000 });
  assert.ok(fast && slow);
  const whole = read(fast);
  const iterator = slow[Symbol.asyncIterator]();
  await iterator.next();
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  assert.ok(told.at <= 4, `read ahead: ${told.at}`);
  await iterator.return?.();
  assert.equal((await whole).length, 100);
});

test('one that stalls is left behind with a fault, and a source that breaks breaks all', async () => {
  const clock = manualClock();
  const [fast, hung] = tee(letters(10), 2, { clock, stallMs: 1000 });
  assert.ok(fast && hung);
  const whole = read(fast);
  const iterator = hung[Symbol.asyncIterator]();
  await iterator.next();
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  clock.advance(1000);
  assert.equal((await whole).length, 10);
  await assert.rejects(async () => {
    for (;;) if ((await iterator.next()).done === true) return;
  }, /nothing was taken for 1 s/);

  const broken = async function* () {
    yield Buffer.from('a');
    await setImmediate();
    throw new Error('the client hung up');
  };
  const parts = tee(broken(), 2, { clock, stallMs: 1000 });
  const results = await Promise.allSettled(parts.map(read));
  assert.deepEqual(
    results.map((result) => (result.status === 'rejected' ? String(result.reason.message) : 'fine')),
    ['the client hung up', 'the client hung up'],
  );
});
