import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskRecord } from '../../manager/manager.ts';
import { withEarlierErrors } from './task-progress.ts';

const record = (slot: number, desiredState: string, state: string, timestamp: number, error?: string): TaskRecord =>
  ({
    task: { id: `t${slot}${timestamp}`, serviceId: 's', slot, desiredState },
    status: { state, timestamp, message: '', ready: false, containers: [], ...(error !== undefined && { error }) },
  }) as unknown as TaskRecord;

test('a task that comes up has the last error of its place, one that runs or has its own keeps what it has', () => {
  const waiting = record(1, 'running', 'preparing', 30);
  const running = record(2, 'running', 'running', 30);
  const failing = record(3, 'running', 'rejected', 30, 'its own');
  const records = [
    record(1, 'shutdown', 'rejected', 10, 'first'),
    record(1, 'shutdown', 'rejected', 20, 'No such image: x'),
    waiting,
    record(2, 'shutdown', 'failed', 10, 'exit 1'),
    running,
    failing,
  ];
  const shown = withEarlierErrors(records);
  assert.equal(shown[2]?.status.error, 'No such image: x');
  assert.equal(shown[4], running);
  assert.equal(shown[5], failing);
  assert.equal(withEarlierErrors([waiting])[0], waiting);
});
