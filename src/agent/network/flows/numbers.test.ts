import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numbered } from './numbers.ts';

test('each has a number of its own, from 1, and keeps it', () => {
  const first = numbered(new Map(), ['a', 'b', 'c']);
  assert.deepEqual(
    [...first],
    [
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ],
  );
  const second = numbered(first, ['c', 'd', 'b']);
  assert.deepEqual(Object.fromEntries(second), { b: 2, c: 3, d: 1 });
});

test('numbers are of 16 bits: who comes later has none', () => {
  const all = Array.from({ length: 0x1_0000 }, (_, index) => String(index));
  const numbers = numbered(new Map(), all);
  assert.equal(numbers.size, 0xfffe);
  assert.equal(Math.max(...numbers.values()), 0xfffe);
  assert.equal(numbers.has('65534'), false);
});
