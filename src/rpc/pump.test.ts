import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { pump } from './pump.ts';

async function* of(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

test('everything arrives in order and the end is told', async () => {
  const to = new PassThrough();
  const [read] = await Promise.all([buffer(to), pump(of('a', 'b', 'c'), to)]);
  assert.equal(String(read), 'abc');
});

test('whoever reads slowly holds the source back', async () => {
  let given = 0;
  const source = async function* () {
    for (; given < 1000; given += 1) yield Buffer.alloc(1024);
  };
  const pending: (() => void)[] = [];
  const to = new Writable({ highWaterMark: 4096, write: (_chunk, _encoding, done) => void pending.push(done) });
  const pumped = pump(source(), to);
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(given < 10, String(given));
  let over = false;
  void pumped.then(() => (over = true));
  while (!over) {
    pending.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(given, 1000);
});

test('a writable that closes ends the source, also while it has nothing', async () => {
  let returned = false;
  const waiting = Promise.withResolvers<void>();
  const source = async function* () {
    try {
      yield Buffer.from('a');
      await waiting.promise;
      yield Buffer.from('b');
    } finally {
      returned = true;
    }
  };
  const to = new PassThrough();
  const pumped = pump(source(), to);
  await new Promise((resolve) => setImmediate(resolve));
  to.destroy();
  await assert.rejects(pumped, { code: 'cancelled' });
  waiting.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(returned, true);
  assert.equal(to.listenerCount('drain'), 0);
});

test('a fault of the source breaks the writable off', async () => {
  const source = async function* () {
    yield Buffer.from('a');
    throw new Error('torn');
  };
  const to = new PassThrough();
  await assert.rejects(pump(source(), to), /torn/);
  assert.equal(to.destroyed, true);
});

test('what was held back goes out when the first chunk is not there at once', async () => {
  const told: string[] = [];
  const quick = new PassThrough();
  quick.resume();
  await pump(of('a'), quick, { waiting: () => told.push('quick') });
  const first = Promise.withResolvers<void>();
  const source = async function* () {
    await first.promise;
    yield Buffer.from('a');
  };
  const slow = new PassThrough();
  slow.resume();
  await pump(source(), slow, {
    waiting: () => {
      told.push('slow');
      first.resolve();
    },
  });
  assert.deepEqual(told, ['slow']);
});
