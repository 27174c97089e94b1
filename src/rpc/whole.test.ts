import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeOf } from './whole.ts';

async function* pieces(...parts: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array | string> {
  for (const part of parts) yield await Promise.resolve(part);
}

const tooLong = (): Error => new Error('too long');
const textOf = async (...parts: readonly (Uint8Array | string)[]): Promise<string> =>
  (await wholeOf(pieces(...parts), 8, tooLong)).toString();

test('a body is read to its end, bytes and text alike, a part of a larger buffer too', async () => {
  assert.equal(await textOf(), '');
  assert.equal(await textOf(Buffer.from('_one_').subarray(1, 4)), 'one');
  assert.equal(await textOf(Buffer.from('12€').subarray(0, 3), Buffer.from('€').subarray(1), '345'), '12€345');
});

test('a body of more bytes than can be is refused, and ended', async () => {
  const body = pieces('1234', '5678', '!', 'never read');
  await assert.rejects(wholeOf(body, 8, tooLong), /too long/);
  assert.deepEqual(await body.next(), { done: true, value: undefined });
});
