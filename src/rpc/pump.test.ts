import assert from 'node:assert/strict';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { bodyOf } from './body.ts';
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

test('a source that always has more leaves room for others, and is told of the end', async () => {
  let given = 0;
  const source = async function* () {
    for (; given < 100_000; given += 1) yield Buffer.alloc(16);
  };
  const to = new Writable({ write: (_chunk, _encoding, done) => done() });
  setImmediate(() => to.destroy());
  await assert.rejects(pump(source(), to), { code: 'cancelled' });
  assert.ok(given < 1_000, String(given));
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

test('from a stream by its events: order, holding back, a break, an end that is none', async () => {
  const plain = (source: PassThrough) => bodyOf(source, (cause) => cause);
  const whole = new PassThrough();
  const to = new PassThrough();
  const read = buffer(to);
  const pumped = pump(plain(whole), to);
  for (const chunk of ['a', 'b', 'c']) whole.write(chunk);
  whole.end();
  await pumped;
  assert.equal(String(await read), 'abc');

  const fast = new Readable({ read: () => fast.push(Buffer.alloc(1024)) });
  const slow = new Writable({ highWaterMark: 4096, write: () => undefined });
  const held = pump(
    bodyOf(fast, (cause) => cause),
    slow,
  );
  for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(slow.writableLength < 200_000, String(slow.writableLength));
  assert.equal(fast.isPaused(), true);
  slow.destroy();
  await assert.rejects(held, { code: 'cancelled' });
  assert.equal(fast.destroyed, true);

  const broken = new PassThrough();
  const half = new PassThrough();
  const failing = pump(plain(broken), half);
  broken.destroy(new Error('torn'));
  await assert.rejects(failing, /torn/);
  assert.equal(half.destroyed, true);

  const reset = new PassThrough();
  const short = pump(
    bodyOf(reset, () => new Error('reset')),
    new PassThrough().resume(),
  );
  reset.end();
  await assert.rejects(short, /reset/);
});

test('a stream whose other half is open is not ended by who stops reading it', async () => {
  const both = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const to = new PassThrough();
  const pumped = pump(
    bodyOf(both, (cause) => cause),
    to,
  );
  to.destroy();
  await assert.rejects(pumped);
  assert.equal(both.destroyed, false);
  both.destroy();
});
