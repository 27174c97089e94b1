import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectWhenIdle } from './idle-memory.ts';

const mega = 1024 * 1024;

test('what work has left behind is collected when there is no work, and only where it is worth it', () => {
  let look = (): void => undefined;
  let cancelled = false;
  const clock = {
    after: (_ms: number, call: () => void) => {
      look = call;
      return { cancel: () => (cancelled = true) };
    },
  };
  const heap = { share: 0.5, held: 60 * mega, collected: 0 };
  const idle = collectWhenIdle(clock, {
    busy: () => heap.share,
    residentBytes: () => heap.held,
    collect: () => {
      heap.collected += 1;
      heap.held = 30 * mega;
    },
  });
  const collectedAt = (share: number, held: number): number => {
    Object.assign(heap, { share, held });
    look();
    return heap.collected;
  };
  assert.equal(collectedAt(0.5, 60 * mega), 0, 'it works');
  assert.equal(collectedAt(0.01, 60 * mega), 1);
  assert.equal(collectedAt(0.01, 34 * mega), 1, 'too little');
  assert.equal(collectedAt(0.01, 39 * mega), 2);
  idle[Symbol.dispose]();
  assert.ok(cancelled);
});
