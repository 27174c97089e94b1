import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from './within.ts';

/** A clock whose sleepers are woken by hand, or by their signal. */
const manual = () => {
  const sleepers: (() => void)[] = [];
  const sleep = async (_ms: number, signal?: AbortSignal): Promise<void> =>
    await new Promise<void>((resolve, reject) => {
      sleepers.push(resolve);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  return { clock: { sleep }, ring: () => sleepers.forEach((wake) => wake()) };
};

const { signal } = new AbortController();
const never = new Promise<never>(() => undefined);

test('a value that comes in time is given, a fault is thrown', async () => {
  const { clock } = manual();
  assert.deepEqual(await within(5, Promise.resolve(1), clock, signal), { value: 1 });
  await assert.rejects(within(5, Promise.reject(new Error('no')), clock, signal), /no/);
});

test('what takes too long is late; the signal ends the wait with its reason', async () => {
  const { clock, ring } = manual();
  const late = within(5, never, clock, signal);
  ring();
  assert.equal(await late, 'late');
  const stop = new AbortController();
  const waiting = within(5, never, manual().clock, stop.signal);
  stop.abort(new Error('over'));
  await assert.rejects(waiting, /over/);
});
