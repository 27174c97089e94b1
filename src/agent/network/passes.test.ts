import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { createPasses } from './passes.ts';

const quick = {
  clock: systemClock,
  quietMs: 1,
  spacingMs: 1,
  firstRetryMs: 1,
  lastRetryMs: 4,
  onFault: () => undefined,
};

/** A clock whose timers fire when the test says so. */
function timersOf() {
  const timers: { readonly ms: number; readonly call: () => void }[] = [];
  const clock = {
    after: (ms: number, call: () => void) => {
      const timer = { ms, call };
      timers.push(timer);
      return { cancel: () => void timers.splice(timers.indexOf(timer), 1) };
    },
  };
  return { clock, timers, planned: (): number[] => timers.map(({ ms }) => ms) };
}

suite('passes', () => {
  test('requests that come together make one pass', async () => {
    let passes = 0;
    await using made = createPasses({ ...quick, work: async () => void (passes += 1) });
    for (let i = 0; i < 10; i += 1) made.request();
    await made.settled();
    assert.equal(passes, 1);
  });

  test('what is asked for during a pass makes another, and is settled only then', async () => {
    const steps: string[] = [];
    const first = Promise.withResolvers<void>();
    await using made = createPasses({
      ...quick,
      async work() {
        steps.push('begun');
        if (steps.length === 1) await first.promise;
      },
    });
    made.request();
    while (steps.length === 0) await systemClock.sleep(1);
    made.request();
    const settled = made.settled().then(() => steps.push('settled'));
    first.resolve();
    await settled;
    assert.deepEqual(steps, ['begun', 'begun', 'settled']);
  });

  test('patient requests wait for one another, and a request that is in a hurry takes them along', async () => {
    const { clock, planned, timers } = timersOf();
    let passes = 0;
    let during: (() => void) | undefined;
    await using made = createPasses({
      clock,
      quietMs: 4,
      patientMs: 300,
      spacingMs: 50,
      onFault: () => undefined,
      async work() {
        passes += 1;
        during?.();
      },
    });
    const fire = async (): Promise<void> => {
      const settled = made.settled();
      timers.shift()?.call();
      await settled;
    };
    made.request('patient');
    made.request('patient');
    assert.deepEqual(planned(), [300]);
    made.request();
    made.request('patient');
    assert.deepEqual(planned(), [4]);
    during = () => made.request('patient');
    await fire();
    assert.deepEqual(planned(), [300]);
    during = () => (made.request('patient'), made.request());
    await fire();
    assert.deepEqual(planned(), [50]);
    assert.equal(passes, 2);
  });

  test('where they are always spaced, what is asked for after a pass waits as well', async () => {
    const { clock, planned, timers } = timersOf();
    let passes = 0;
    await using made = createPasses({
      clock,
      quietMs: 4,
      spacingMs: 50,
      isAlwaysSpaced: true,
      onFault: () => undefined,
      work: async () => void (passes += 1),
    });
    const fire = (): void => timers.shift()?.call();
    made.request();
    const first = made.settled();
    fire();
    await first;
    assert.deepEqual(planned(), [50]);
    made.request();
    const second = made.settled();
    assert.deepEqual(planned(), [50], 'no pass is planned before that');
    fire();
    assert.deepEqual(planned(), [0]);
    fire();
    await second;
    assert.equal(passes, 2);
    fire();
    assert.deepEqual(planned(), [], 'nothing was asked for');
    made.request();
    assert.deepEqual(planned(), [4]);
  });

  test('a pass that fails tells whoever waits, and is tried again', async () => {
    const faults: unknown[] = [];
    let passes = 0;
    await using made = createPasses({
      ...quick,
      onFault: (fault) => faults.push(fault),
      async work() {
        passes += 1;
        if (passes === 1) throw new Error('no');
      },
    });
    made.request();
    await assert.rejects(made.settled(), /no/);
    await made.settled();
    assert.equal(passes, 2);
    assert.equal(faults.length, 1);
  });

  test('after the end nothing begins, and nobody waits for ever', async () => {
    let passes = 0;
    const made = createPasses({ ...quick, work: async () => void (passes += 1) });
    made.request();
    const settled = made.settled();
    await made[Symbol.asyncDispose]();
    await settled;
    made.request();
    await made.settled();
    assert.equal(passes, 0);
  });
});
