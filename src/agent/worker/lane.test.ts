import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane } from './lane.ts';

/** Work that ends when it is told to, and what has begun so far. */
function pieces() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const piece = (name: string) => async (): Promise<void> => {
    begun.push(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.set(name, resolve);
    await promise;
  };
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, piece, end };
}

test('no more than the limit is under way, in order, the urgent first', async () => {
  const { begun, piece, end } = pieces();
  const lane = createLane(2);
  for (const name of ['a', 'b', 'c']) lane.run(piece(name));
  lane.run(piece('now'), true);
  assert.deepEqual(begun, ['a', 'b']);
  await end('a');
  assert.deepEqual(begun, ['a', 'b', 'now']);
  await end('b');
  assert.deepEqual(begun, ['a', 'b', 'now', 'c']);
});

test('a lane that ramps begins with one and allows one more with each that is done', async () => {
  const { begun, piece, end } = pieces();
  const lane = createLane(3, { ramp: true });
  for (const name of ['a', 'b', 'c', 'd', 'e']) lane.run(piece(name));
  assert.deepEqual(begun, ['a']);
  await end('a');
  assert.deepEqual(begun, ['a', 'b', 'c']);
});

test('a lane that yields has one piece under way while the other is busy', async () => {
  const { begun, piece, end } = pieces();
  const first = createLane(1);
  const lane = createLane(3, { yieldTo: [first] });
  first.run(piece('first'));
  for (const name of ['a', 'b', 'c', 'd']) lane.run(piece(name));
  assert.deepEqual(begun, ['first', 'a']);
  await end('first');
  await end('a');
  assert.deepEqual(begun, ['first', 'a', 'b', 'c', 'd']);
});
