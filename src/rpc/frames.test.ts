import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFrameReader, encodeFrame } from './frames.ts';

const pieces = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  let start = 0;
  return [...ends, bytes.length].map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
};

test('however a stream is cut, the same frames come out', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (values, cuts) => {
      const frames: string[] = [];
      const read = createFrameReader(1_000_000, (text) => frames.push(text));
      for (const piece of pieces(Buffer.from(values.map(encodeFrame).join('')), cuts)) read(piece);
      assert.deepEqual(
        frames.map((text) => JSON.stringify(JSON.parse(text))),
        values.map((value) => JSON.stringify(value)),
      );
    }),
  );
});

test('a frame that is too long is refused before it is whole', () => {
  const read = createFrameReader(100, () => assert.fail('no frame'));
  read(Buffer.alloc(60, 'x'));
  assert.throws(() => read(Buffer.alloc(60, 'x')), { code: 'resource-exhausted' });
});

test('frames of the greatest length are taken, one after the other', () => {
  const frames: string[] = [];
  const read = createFrameReader(10, (text) => frames.push(text));
  read(Buffer.from('0123456789\n0123456789\n\n'));
  assert.deepEqual(frames, ['0123456789', '0123456789']);
});
