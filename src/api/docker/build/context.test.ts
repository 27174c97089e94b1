import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { readAlong } from './context.ts';

const archive = async (files: Readonly<Record<string, Buffer>>): Promise<Buffer> => {
  const tar = pack();
  const whole = buffer(tar);
  for (const [name, data] of Object.entries(files)) tar.entry({ name }, data);
  tar.finalize();
  return await whole;
};

async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What passed, and how much had when the Dockerfile was told. */
const pass = async (bytes: Buffer, dockerfile = 'Dockerfile', size = 10_000) => {
  let passed = 0;
  let told: { readonly text: string; readonly passed: number } | undefined;
  const chunks: Uint8Array[] = [];
  const ready = async (text: string) => {
    told = { text, passed };
    await Promise.resolve();
  };
  for await (const chunk of readAlong(pieces(bytes, size), dockerfile, ready)) {
    passed += chunk.length;
    chunks.push(chunk);
  }
  assert.ok(Buffer.concat(chunks).equals(bytes));
  return told;
};

test('a context passes unchanged, and its Dockerfile is told before the end does', async () => {
  const files = {
    'big.bin': Buffer.alloc(500_000, 1),
    'sub/Dockerfile': Buffer.from('FROM b'),
    Dockerfile: Buffer.from('FROM a'),
  };
  const plain = await archive(files);
  const told = await pass(plain);
  assert.equal(told?.text, 'FROM a');
  assert.ok(told.passed <= plain.length - 64 * 1024, `${told.passed} of ${plain.length}`);
  assert.equal((await pass(plain, './sub/Dockerfile'))?.text, 'FROM b');
  assert.equal((await pass(gzipSync(plain), 'Dockerfile', 100))?.text, 'FROM a');
  assert.equal(await pass(plain, 'Other'), undefined);
});

test('what is no archive passes as it is', async () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('FROM a'),
    Buffer.alloc(200_000, 7),
    Buffer.from([0x1f, 0x8b, 1, 2, 3, 4]),
  ]) {
    assert.equal(await pass(bytes), undefined);
  }
});
