import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import type { Log } from '../../platform/ports.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import { manualClock } from '../testing/clock.ts';
import { startLoop } from './loop.ts';

const silence: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silence };

const setUp = async () => {
  const clock = manualClock();
  const store = await createStore({ driver: memoryDriver(), clock });
  return { clock, store, log: silence };
};

test('what becomes dirty while a pass runs is taken together by the next one', async () => {
  const ports = await setUp();
  const passes: string[][] = [];
  let release = (): void => {};
  await using loop = startLoop(
    {
      name: 'test',
      dirty: () => {},
      all: () => [],
      pass: async (keys) => {
        passes.push([...keys]);
        await new Promise<void>((resolve) => (release = resolve));
      },
    },
    ports,
  );
  loop.mark(['a']);
  await setImmediate();
  loop.mark(['b', 'c']);
  loop.mark(['b']);
  release();
  await setImmediate();
  release();
  assert.deepEqual(passes, [['a'], ['b', 'c']]);
});

test('a pass that fails is tried again, later and later, and keys wake at their time', async () => {
  const ports = await setUp();
  const passes: number[] = [];
  const start = ports.clock.now();
  let failures = 2;
  await using loop = startLoop(
    {
      name: 'test',
      dirty: () => {},
      all: () => [],
      pass: async (_keys, context) => {
        passes.push(ports.clock.now() - start);
        if (failures-- > 0) throw new Error('no');
        if (passes.length === 3) context.wakeAt('a', ports.clock.now() + 1_000);
      },
    },
    ports,
  );
  loop.mark(['a']);
  for (let step = 0; step < 30; step += 1) {
    await setImmediate();
    ports.clock.advance(50);
  }
  assert.deepEqual(passes, [0, 100, 300, 1_300]);
});
