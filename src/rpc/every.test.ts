import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../platform/ports.ts';
import { every } from './every.ts';

/** The one timer that is pending, and how long it waits. */
const oneTimer = () => {
  let pending: { readonly ms: number; readonly call: () => void } | undefined;
  const clock: Pick<Clock, 'after'> = {
    after(ms, call) {
      assert.equal(pending, undefined);
      pending = { ms, call };
      return { cancel: () => (pending = undefined) };
    },
  };
  const fire = () => {
    const due = pending;
    pending = undefined;
    due?.call();
  };
  return { clock, fire, waits: () => pending?.ms };
};

test('calls again and again until it is disposed of, after as long as is said each time', () => {
  const { clock, fire, waits } = oneTimer();
  let calls = 0;
  const repeated = every(
    clock,
    () => (calls < 1 ? 10 : 500),
    () => void (calls += 1),
  );
  assert.equal(waits(), 10);
  fire();
  fire();
  assert.deepEqual([calls, waits()], [2, 500]);
  repeated[Symbol.dispose]();
  assert.equal(waits(), undefined);
});

test('a call that takes its time is waited for; one that ends after the disposal is the last', async () => {
  const { clock, fire, waits } = oneTimer();
  let ends = Promise.withResolvers<void>();
  const repeated = every(clock, 10, () => ends.promise);
  fire();
  assert.equal(waits(), undefined);
  ends.resolve();
  await new Promise(setImmediate);
  assert.equal(waits(), 10);
  ends = Promise.withResolvers();
  fire();
  repeated[Symbol.dispose]();
  ends.resolve();
  await new Promise(setImmediate);
  assert.equal(waits(), undefined);
});
