import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { nodeId } from '../../model/ids.ts';
import { manualClock } from '../testing/clock.ts';
import { createDoubts } from './doubts.ts';

test('of very many machines no more than 1,024 are asked at once, none less often, and each has its answer', async () => {
  const clock = manualClock();
  const asks: string[] = [];
  const answered = new Set<string>();
  let underWay = 0;
  let most = 0;
  let isCut = true;
  using doubts = createDoubts({
    clock,
    answers: async (address, signal) => {
      asks.push(address);
      underWay += 1;
      // One that gives way has ended before the next begins, but for what its promise takes.
      const end = (): void => void (underWay -= 1);
      signal.addEventListener('abort', end, { once: true });
      most = Math.max(most, underWay);
      const isLost = isCut;
      await clock.sleep(isLost ? 1_000 : 10, signal);
      signal.removeEventListener('abort', end);
      end();
      return !isLost;
    },
    answered: (id) => answered.add(id),
  });
  const pass = async (...steps: readonly number[]): Promise<void> => {
    for (const ms of steps) {
      clock.advance(ms);
      await setImmediate();
    }
  };
  const ids = Array.from({ length: 600 }, (_, index) => nodeId.parse(`node${index}`));
  for (const id of ids) doubts.begin(id, id);
  await pass(0, 300, 300);
  assert.deepEqual([asks.length, most, answered.size], [1_800, 1_024, 0]);
  isCut = false;
  await pass(300, 10);
  assert.deepEqual([asks.length, most, answered.size], [2_400, 1_024, 600]);
  await pass(1_000);
  for (const id of ids) doubts.end(id);
  await pass(1_000);
  assert.equal(underWay, 0);
});

test('where more are in doubt from one moment on than are asked at once, each has its answer all the same', async () => {
  const clock = manualClock();
  const answered = new Set<string>();
  let underWay = 0;
  let most = 0;
  using doubts = createDoubts({
    clock,
    answers: async (_, signal) => {
      underWay += 1;
      const end = (): void => void (underWay -= 1);
      signal.addEventListener('abort', end, { once: true });
      most = Math.max(most, underWay);
      await clock.sleep(40, signal);
      signal.removeEventListener('abort', end);
      end();
      return true;
    },
    answered: (id) => answered.add(id),
  });
  for (let index = 0; index < 3_000; index += 1) doubts.begin(nodeId.parse(`node${index}`), `node${index}`);
  // Once to be put off, as long as the asks of others take, and the ask itself.
  for (let ms = 0; ms < 400; ms += 5) {
    clock.advance(5);
    await setImmediate();
  }
  assert.deepEqual([answered.size, most], [3_000, 1_024]);
});
