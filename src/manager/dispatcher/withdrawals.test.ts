import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEndpoint } from '../../../test/support/assignments.ts';
import type { NodeId, TaskId } from '../../model/ids.ts';
import { createWithdrawals } from './withdrawals.ts';
import type { Told } from './withdrawals.ts';

const one = 'node1' as NodeId;
const two = 'node2' as NodeId;
const leaves = (nodeId: NodeId, sequence: number, ...tasks: string[]): Told => ({
  nodeId,
  sequence,
  difference: { put: tasks.map((taskId) => anEndpoint({ id: `n/${taskId}`, taskId, ready: false })), remove: [] },
});

const watched = (isLeaving: (taskId: TaskId) => boolean = () => true) => {
  const told: [NodeId, readonly TaskId[]][] = [];
  let now = 0;
  const withdrawals = createWithdrawals({
    clock: { monotonic: () => now },
    isLeaving,
    tell: (nodeId, taskIds) => void told.push([nodeId, taskIds]),
  });
  return { told, withdrawals, pass: (ms: number) => void (now += ms) };
};

test('a node is told of its tasks when all nodes have done', () => {
  const { told, withdrawals } = watched();
  withdrawals.told([leaves(one, 7, 'task1', 'task2'), leaves(two, 3, 'task1')]);
  withdrawals.inForce(one, 6);
  withdrawals.inForce(two, 2);
  assert.deepEqual(told, []);
  withdrawals.inForce(one, 8);
  assert.deepEqual(told, [[one, ['task2']]]);
  withdrawals.inForce(two, 3);
  assert.deepEqual(told.at(-1), [one, ['task1']]);
});

test('a node that is gone is not waited for; a task that only becomes ready is none of it', () => {
  const { told, withdrawals } = watched((taskId) => taskId !== 'starting');
  withdrawals.told([leaves(one, 1, 'task1', 'starting'), leaves(two, 1, 'task1')]);
  withdrawals.inForce(one, 1);
  withdrawals.left(two);
  assert.deepEqual(told, [[one, ['task1']]]);
});

test('what nobody says a word of is forgotten', () => {
  const { told, withdrawals, pass } = watched();
  withdrawals.told([leaves(one, 1, 'task1')]);
  pass(20_000);
  withdrawals.told([leaves(one, 2, 'task2')]);
  withdrawals.inForce(one, 9);
  assert.deepEqual(told, [[one, ['task2']]]);
});

test('a node that comes back is told of what it has to stop when it, and those that are behind, have done', () => {
  const { told, withdrawals } = watched();
  withdrawals.returned(
    one,
    ['task1' as TaskId],
    new Map([
      [one, 1],
      [two, 5],
    ]),
  );
  withdrawals.inForce(one, 1);
  assert.deepEqual(told, []);
  withdrawals.inForce(two, 5);
  assert.deepEqual(told, [[one, ['task1']]]);
});
