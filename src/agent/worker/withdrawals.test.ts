import { test } from 'node:test';
import type { TaskId } from '../../model/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import { createWithdrawals } from './withdrawals.ts';

const task = 'task1' as TaskId;
const never = new AbortController().signal;

test('a stop waits until it is told, also where that came before', async () => {
  const withdrawals = createWithdrawals(systemClock, 60_000);
  const waiting = withdrawals.wait(task, never);
  withdrawals.told([task]);
  await waiting;
  await withdrawals.wait(task, never);
});

test('it waits no longer than it has to, and not at all where it is not to', async () => {
  await createWithdrawals(systemClock, 1).wait(task, never);
  await createWithdrawals(systemClock, 0).wait(task, never);
  const stop = new AbortController();
  const waiting = createWithdrawals(systemClock, 60_000).wait(task, stop.signal);
  stop.abort();
  await waiting;
});
