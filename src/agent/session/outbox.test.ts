import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskId } from '../../model/ids.ts';
import type { AgentMessage } from '../../model/protocol.ts';
import type { TaskObservation } from '../../model/task.ts';
import { processClock, Timeline } from '../../../test/sim/time.ts';
import { backoffMs } from './backoff.ts';
import { createOutbox } from './outbox.ts';

const seen = (id: string, state: TaskObservation['state']): TaskObservation => ({
  taskId: taskId.parse(id),
  state,
  timestamp: 0,
  message: '',
  ready: false,
  containers: [],
});

test('observations go together, the newest of each task only, and wait while the manager is slow', async () => {
  const timeline = new Timeline();
  const sent: AgentMessage[] = [];
  let writable = false;
  const outbox = createOutbox(processClock(timeline), (message) => {
    sent.push(message);
    return writable;
  });
  const pass = () => timeline.run(timeline.elapsed() + 10, () => undefined);
  outbox.add(seen('t1', 'preparing'));
  outbox.add(seen('t2', 'preparing'));
  outbox.add(seen('t1', 'running'));
  await pass();
  assert.deepEqual(sent, [{ kind: 'observations', tasks: [seen('t2', 'preparing'), seen('t1', 'running')] }]);
  outbox.add(seen('t3', 'failed'));
  await pass();
  assert.equal(sent.length, 1);
  writable = true;
  outbox.drained();
  assert.deepEqual(sent[1], { kind: 'observations', tasks: [seen('t3', 'failed')] });
});

test('attempts grow apart up to a second', () => {
  assert.equal(backoffMs(0, 0.5), 0);
  assert.equal(backoffMs(1, 0), 50);
  assert.ok(backoffMs(2, 0.5) > backoffMs(1, 0.5));
  for (let attempt = 1; attempt < 1000; attempt += 1) assert.ok(backoffMs(attempt, 0.999) <= 1000);
});
