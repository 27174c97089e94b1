import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { TaskId } from '../../model/ids.ts';
import { afterFault } from './fault.ts';
import type { FailedWork } from './fault.ts';
import type { TaskRecord } from './picture/record.ts';

const outcome = (code: ErrorCode, more: Partial<FailedWork> = {}, restarts: readonly number[] = []) =>
  afterFault({
    lane: 'launch',
    record: { id: 't1' as TaskId, restarts } as TaskRecord,
    assigned: undefined,
    faults: 0,
    fault: new TuttiError(code, 'port is already allocated'),
    now: 1_000,
    ...more,
  });

test('what passes by itself is tried again, after growing pauses, sooner for a start', () => {
  assert.deepEqual(outcome('unavailable'), { kind: 'retry', at: 1_500 });
  assert.deepEqual(outcome('unavailable', { faults: 2 }), { kind: 'retry', at: 3_000 });
  assert.deepEqual(outcome('unavailable', { faults: 50 }), { kind: 'retry', at: 31_000 });
  assert.deepEqual(outcome('deadline-exceeded', { lane: 'start' }), { kind: 'retry', at: 1_050 });
});

test('what has to go is tried for ever, whatever the engine says', () => {
  for (const lane of ['stop', 'remove'] as const) assert.equal(outcome('internal', { lane, faults: 9 }).kind, 'retry');
});

test('a port that is taken is waited for a few times at a start, and nowhere else', () => {
  assert.equal(outcome('internal', { lane: 'start', faults: 4 }).kind, 'retry');
  assert.equal(outcome('internal', { lane: 'start', faults: 5 }).kind, 'end');
  assert.equal(outcome('internal').kind, 'end');
});

test('a task that never ran ends for the manager to replace; one that was restarted is again', () => {
  const error = 'port is already allocated';
  const first = outcome('invalid-argument');
  assert.deepEqual(first, {
    kind: 'end',
    taskId: 't1',
    state: 'rejected',
    message: 'cannot prepare',
    unmade: true,
    error,
  });
  const again = outcome('invalid-argument', { lane: 'start', faults: 5 }, [900]);
  assert.ok(again.kind === 'end' && again.state === 'failed' && again.unmade === false);
  assert.equal(again.restartAt, 1_500);
});
