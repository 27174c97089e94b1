import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { manualClock } from '../manager/testing/clock.ts';
import { createRunner } from './runner.ts';

test('one step at a time, one more for all who asked meanwhile, one timer, and none behind its end', async () => {
  const clock = manualClock();
  const gates: PromiseWithResolvers<number>[] = [];
  const step = async (): Promise<number> => {
    const gate = Promise.withResolvers<number>();
    gates.push(gate);
    return await gate.promise;
  };
  const runner = createRunner(step, clock);
  const asked = [runner.run(), runner.run(), runner.run()];
  assert.equal(gates.length, 1);
  gates[0]?.resolve(1_000);
  await setImmediate();
  assert.equal(gates.length, 2);
  gates[1]?.resolve(1_000);
  await Promise.all(asked);
  clock.advance(999);
  assert.equal(gates.length, 2);
  clock.advance(1);
  assert.equal(gates.length, 3);
  gates[2]?.resolve(1_000);
  await setImmediate();
  const early = runner.run();
  gates[3]?.resolve(1_000);
  await early;
  clock.advance(999);
  assert.equal(gates.length, 4, 'the timer that was there before is gone');
  await runner[Symbol.asyncDispose]();
  clock.advance(10_000);
  assert.equal(gates.length, 4);
});
