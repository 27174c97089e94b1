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

/** A clock that goes on when it is told to. */
function virtualClock() {
  let now = 0;
  const timers = new Map<object, { readonly at: number; readonly call: () => void }>();
  return {
    after: (ms: number, call: () => void) => {
      const timer = { cancel: () => void timers.delete(timer) };
      timers.set(timer, { at: now + ms, call });
      return timer;
    },
    advance: (ms: number) => {
      const end = now + ms;
      for (;;) {
        const [due] = [...timers].filter(([, { at }]) => at <= end).toSorted(([, a], [, b]) => a.at - b.at);
        if (due === undefined) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].call();
      }
      now = end;
    },
  };
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

test('a lane that ramps goes piece by piece until an urgent one is done', async () => {
  const { begun, piece, end } = pieces();
  const lane = createLane(3, { ramp: true });
  for (const name of ['make a', 'make b', 'make c', 'make d']) lane.run(piece(name));
  assert.deepEqual(begun, ['make a']);
  lane.run(piece('start a'), true);
  await end('make a');
  assert.deepEqual(begun, ['make a', 'start a']);
  await end('start a');
  assert.deepEqual(begun, ['make a', 'start a', 'make b', 'make c', 'make d']);
  for (const name of ['make b', 'make c', 'make d']) await end(name);
  for (const name of ['e', 'f']) lane.run(piece(name));
  assert.deepEqual(begun.slice(5), ['e'], 'the next burst begins anew');
});

test('a piece that takes long counts no more, up to four times the limit', async () => {
  const { begun, piece, end } = pieces();
  const clock = virtualClock();
  const lane = createLane(1, { patience: { ms: 1000, clock } });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) lane.run(piece(name));
  clock.advance(999);
  assert.deepEqual(begun, ['a']);
  clock.advance(1);
  assert.deepEqual(begun, ['a', 'b']);
  await end('b');
  assert.deepEqual(begun, ['a', 'b', 'c'], 'one that was done in time made room for one');
  clock.advance(10_000);
  assert.deepEqual(begun, ['a', 'b', 'c', 'd', 'e']);
  await end('a');
  assert.deepEqual(begun, ['a', 'b', 'c', 'd', 'e', 'f']);
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
