import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../testing/clock.ts';
import { createReorder } from './reorder.ts';

const start = () => {
  const clock = manualClock();
  const out: number[] = [];
  const reorder = createReorder<{ readonly timestamp: number }>(clock, 50, ({ timestamp }) => out.push(timestamp));
  return { clock, out, reorder };
};

test('what arrives within the wait comes in the order in which it happened', () => {
  const { clock, out, reorder } = start();
  reorder.push({ timestamp: 20 });
  clock.advance(30);
  reorder.push({ timestamp: 10 });
  reorder.push({ timestamp: 40 });
  reorder.pass({ timestamp: 30 });
  clock.advance(20);
  assert.deepEqual(out, [10, 20]);
  clock.advance(30);
  assert.deepEqual(out, [10, 20, 30, 40]);
});

test('a clock that is ahead holds nothing back, nothing is lost', () => {
  const { clock, out, reorder } = start();
  reorder.push({ timestamp: 1_000_000 });
  clock.advance(40);
  reorder.push({ timestamp: 5 });
  clock.advance(50);
  assert.deepEqual(out, [5, 1_000_000]);
  reorder.pass({ timestamp: 6 });
  assert.deepEqual(out.at(-1), 6);
});
