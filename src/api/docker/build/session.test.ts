import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { KnownDockerfiles } from './session.ts';
import { readSessionAlong } from './session.ts';

const data = 0;
const ends = 0x1;

const frame = (stream: number, payload: Buffer, type = data, flags = 0): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

const field = (number: number, value: number | Buffer): Buffer => {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  const length = value.length < 128 ? [value.length] : [(value.length & 0x7f) | 0x80, value.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), value]);
};

/** As fsutil and gRPC write them. */
const message = (...fields: Buffer[]): Buffer => {
  const body = Buffer.concat(fields);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};
const stat = (path: string): Buffer => message(field(2, field(1, Buffer.from(path))));
const listEnd = message();
const part = (id: number, text: string): Buffer => message(field(1, 2), field(3, id), field(4, Buffer.from(text)));
const fileEnd = (id: number): Buffer => message(field(1, 2), field(3, id));

/** What passes while the images are on their way, what after it, and which were asked for. */
const pass = async (chunks: readonly Buffer[], known: KnownDockerfiles = new Map()) => {
  const asked: (readonly string[])[] = [];
  const arrived = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  const source = async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
    all.resolve();
    await arrived.promise;
  };
  const passed: Uint8Array[] = [];
  const reader = (async () => {
    const bring = async (images: readonly string[]) => {
      asked.push(images);
      await arrived.promise;
    };
    for await (const chunk of readSessionAlong(source(), known, bring)) passed.push(chunk);
  })();
  await all.promise;
  const before = Buffer.concat(passed);
  arrived.resolve();
  await reader;
  return { asked, before, whole: Buffer.concat(passed) };
};

describe('a session of BuildKit, read along', () => {
  const dockerfile = [
    frame(1, stat('Dockerfile')),
    frame(1, listEnd),
    frame(1, part(0, 'FROM base:1\n')),
    frame(1, part(0, 'COPY --from=other:2 /a /b\n')),
  ];
  const end = frame(1, fileEnd(0));

  test('the end of a Dockerfile waits for its images, and nothing else does', async () => {
    const other = frame(3, message(field(1, 1)));
    const after = frame(1, Buffer.alloc(0), data, ends);
    const { asked, before, whole } = await pass([...dockerfile, end, other, after]);
    assert.deepEqual(asked, [['base:1', 'other:2']]);
    assert.deepEqual(before, Buffer.concat([...dockerfile, other]));
    assert.deepEqual(whole, Buffer.concat([...dockerfile, other, end, after]));
  });

  test('a Dockerfile that BuildKit has already waits where its listing ends', async () => {
    const known: KnownDockerfiles = new Map();
    await pass([...dockerfile, end], known);
    const { asked, before } = await pass(dockerfile.slice(0, 2), known);
    assert.deepEqual(asked, [['base:1', 'other:2']]);
    assert.deepEqual(before, dockerfile[0]);
  });

  test('however the bytes are cut, they come out as they were', async () => {
    const bytes = Buffer.concat([...dockerfile, end, frame(1, Buffer.from('x'), data, ends), Buffer.from('broken')]);
    for (let size = 1; size < bytes.length; size += 7) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      const { asked, whole } = await pass(chunks);
      assert.deepEqual(whole, bytes);
      assert.equal(asked.length, 1);
    }
  });

  test('contexts, other calls and what is no protocol pass unread', async () => {
    const many = Array.from({ length: 20 }, (_, n) => frame(1, stat(`file${n}`)));
    const given = [
      [...many, frame(1, part(0, 'FROM base:1\n')), frame(1, fileEnd(0))],
      [frame(1, Buffer.from([1, 0, 0, 0, 1, 0]))],
      [frame(1, message(Buffer.from([0xff, 0xff])))],
      [Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ];
    for (const chunks of given) {
      const { asked, whole } = await pass(chunks);
      assert.deepEqual(asked, []);
      assert.deepEqual(whole, Buffer.concat(chunks));
    }
  });

  test('a client that breaks off ends it', async () => {
    const broken = async function* () {
      yield* dockerfile;
      await Promise.reject(new Error('gone'));
    };
    const bring = async () => await Promise.resolve();
    await assert.rejects(buffer(readSessionAlong(broken(), new Map(), bring)), /gone/);
  });
});
