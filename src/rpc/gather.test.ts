import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGatherer } from './gather.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const kib = 1024;

const start = () => {
  const written: number[] = [];
  let sweeps = 0;
  const gatherer = createGatherer(
    (chunk) => void written.push(chunk.length),
    () => void (sweeps += 1),
  );
  return { written, gatherer, sweeps: () => sweeps };
};

test('the beginning is handed on as it comes, then what arrives in one turn goes together', async () => {
  const { written, gatherer } = start();
  gatherer.take(Buffer.alloc(10));
  gatherer.take(Buffer.alloc(63 * kib));
  assert.deepEqual(written, [10, 63 * kib]);
  for (let line = 0; line < 20; line += 1) gatherer.take(Buffer.alloc(100));
  gatherer.take(Buffer.alloc(16 * kib));
  const before = written.length;
  await turn();
  assert.equal(written.length, before + 1);
  await turn();
  assert.equal(written.length, before + 1);
  assert.equal(
    written.reduce((sum, bytes) => sum + bytes, 0),
    10 + 63 * kib + 2000 + 16 * kib,
  );
});

test('what is held is bounded, in order, and can be handed on or forgotten at once', async () => {
  const chunks: Uint8Array[] = [];
  const gatherer = createGatherer((chunk) => void chunks.push(chunk));
  let sent = 0;
  for (; sent < 20; sent += 1) gatherer.take(Buffer.alloc(16 * kib, sent));
  assert.ok(chunks.every(({ length }) => length <= 80 * kib));
  gatherer.flush();
  const all = Buffer.concat(chunks);
  assert.equal(all.length, 20 * 16 * kib);
  for (let each = 0; each < sent; each += 1) assert.equal(all[each * 16 * kib], each);
  const before = chunks.length;
  gatherer.take(Buffer.alloc(1));
  gatherer.drop();
  await turn();
  assert.equal(chunks.length, before);
});

test('what is young is collected now and then, as bytes pass', () => {
  const { gatherer, sweeps } = start();
  for (let sent = 0; sent < 40; sent += 1) gatherer.take(Buffer.alloc(1024 * kib));
  assert.ok(sweeps() >= 3 && sweeps() <= 5, String(sweeps()));
});
