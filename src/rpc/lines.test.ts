import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf } from './lines.ts';

async function* pieces(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(part);
}

const tooLong = (): Error => new Error('too long');

test('lines are the same wherever the pieces begin, also within a character; what has no end is none', async () => {
  const bytes = Buffer.from('one\n\nzwölf €\nrest');
  for (let at = 0; at <= bytes.length; at += 1) {
    const chunks = pieces(bytes.subarray(0, at), bytes.subarray(at));
    assert.deepEqual(await Array.fromAsync(linesOf(chunks, 100, tooLong)), ['one', '', 'zwölf €']);
  }
});

test('a line that does not end is not waited for', async () => {
  const piece = Buffer.from('12345');
  assert.deepEqual(await Array.fromAsync(linesOf(pieces(piece, piece), 10, tooLong)), []);
  await assert.rejects(Array.fromAsync(linesOf(pieces(piece, piece, Buffer.from('!')), 10, tooLong)), /too long/);
});
