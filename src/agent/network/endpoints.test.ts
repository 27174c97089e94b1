import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSelf, aTask, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import type { Assignment } from '../../model/assignment.ts';
import { taskObservation } from '../../model/task.ts';
import type { TaskObservation } from '../../model/task.ts';
import { liveEndpoints, pruned } from './endpoints.ts';

const seen = (changes: object): TaskObservation =>
  taskObservation.parse({
    taskId: 'task1',
    state: 'running',
    timestamp: 0,
    message: '',
    containers: [],
    ready: true,
    ...changes,
  });
const ready = (items: readonly Assignment[], ...observations: TaskObservation[]): boolean | undefined =>
  liveEndpoints(setOf(...items), new Map(observations.map((one) => [one.taskId, one])))[0]?.ready;

test("what this node sees of its own tasks counts more than the manager's word", () => {
  assert.equal(ready([aSelf(), anEndpoint({ ready: false })], seen({})), true);
  assert.equal(ready([aSelf(), anEndpoint()], seen({ ready: false })), false);
  assert.equal(ready([aSelf(), anEndpoint()]), true);
});

test("nothing that is seen here says anything about another node's task", () => {
  assert.equal(ready([aSelf(), anEndpoint({ nodeId: 'node2' })], seen({ ready: false })), true);
});

test('a task that is to stop is withdrawn before it has begun to', () => {
  assert.equal(ready([aSelf(), aTask({ desiredState: 'shutdown' }), anEndpoint()], seen({})), false);
});

test('a successor speaks for the task that it follows', () => {
  const failed = seen({ state: 'failed', ready: false, successor: 'task2' });
  assert.equal(ready([aSelf(), anEndpoint()], failed), false);
  assert.equal(ready([aSelf(), anEndpoint()], failed, seen({ taskId: 'task2' })), true);
  assert.equal(ready([aSelf(), anEndpoint()], failed, seen({ taskId: 'task2', ready: false })), false);
});

test('successors in a circle end', () => {
  const one = seen({ successor: 'task2', ready: false });
  assert.equal(ready([aSelf(), anEndpoint()], one, seen({ taskId: 'task2', successor: 'task1', ready: false })), false);
});

test('what ended and is followed by nobody is forgotten', () => {
  const observations = new Map(
    [
      seen({ taskId: 'task1', state: 'failed', successor: 'task2' }),
      seen({ taskId: 'task2', state: 'failed' }),
      seen({ taskId: 'task3', state: 'failed' }),
      seen({ taskId: 'task4' }),
    ].map((one) => [one.taskId, one]),
  );
  assert.deepEqual([...pruned(observations, setOf(aTask())).keys()], ['task1', 'task2', 'task4']);
});
