import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEndpoint } from '../../../test/support/assignments.ts';
import { manualClock } from '../testing/clock.ts';
import type { NodeId, TaskId } from '../../model/ids.ts';
import { createWithdrawals } from './withdrawals.ts';
import type { Told } from './withdrawals.ts';

const one = 'node1' as NodeId;
const two = 'node2' as NodeId;
const leaves = (nodeId: NodeId, sequence: Told['sequence'], ...tasks: string[]): Told => ({
  nodeId,
  sequence,
  difference: { put: tasks.map((taskId) => anEndpoint({ id: `n/${taskId}`, taskId, ready: false })), remove: [] },
});

const watched = (isLeaving: (taskId: TaskId) => boolean = () => true) => {
  const told: [NodeId, readonly TaskId[]][] = [];
  const clock = manualClock();
  const silent = new Set<NodeId>();
  const withdrawals = createWithdrawals({
    clock,
    isLeaving,
    isSilent: (nodeId) => silent.has(nodeId),
    tell: (nodeId, taskIds) => void told.push([nodeId, taskIds]),
  });
  return { told, withdrawals, silent, pass: clock.advance, stall: (ms: number) => clock.stall(ms) };
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
  withdrawals.gone(two);
  assert.deepEqual(told, [[one, ['task1']]]);
});

test("nobody waits for what is ready, is no service's, or is no endpoint", () => {
  const { told, withdrawals } = watched();
  const { difference } = leaves(one, 1, 'task1');
  const others = [
    anEndpoint({ id: 'n/ready', taskId: 'ready', ready: true }),
    { ...anEndpoint({ id: 'n/single', taskId: 'single', ready: false }), serviceId: undefined },
    { kind: 'config', id: 'c', name: 'c', data: '', taskId: 'config', serviceId: 's', ready: false } as const,
  ];
  withdrawals.told([{ nodeId: one, sequence: 1, difference: { ...difference, put: [...difference.put, ...others] } }]);
  withdrawals.inForce(one, 1);
  assert.deepEqual(told, [[one, ['task1']]]);
});

test('what nobody says a word of is forgotten', () => {
  const { told, withdrawals, pass } = watched();
  withdrawals.told([leaves(one, 1, 'task1')]);
  withdrawals.left(one);
  pass(30_000);
  withdrawals.told([leaves(one, 'away', 'task2')]);
  withdrawals.back(one, 9);
  withdrawals.inForce(one, 9);
  assert.deepEqual(told, [[one, ['task2']]]);
});

test('a node that is heard and slow is waited for some seconds, one that is not heard for as long as it is not', () => {
  const { told, withdrawals, silent, pass } = watched();
  withdrawals.told([leaves(one, 1, 'task1'), leaves(two, 1, 'task2', 'task3')]);
  silent.add(two);
  pass(2_999);
  assert.deepEqual(told, []);
  pass(6_000);
  assert.deepEqual(told, [[one, ['task1']]]);
  silent.clear();
  pass(3_001);
  assert.deepEqual(told.at(-1), [one, ['task2', 'task3']]);
});

test('each task is waited for its own time, and nobody for a node that was given up', () => {
  const { told, withdrawals, pass } = watched();
  withdrawals.told([leaves(one, 1, 'task1')]);
  pass(2_000);
  withdrawals.told([leaves(one, 2, 'task2')]);
  pass(1_000);
  assert.deepEqual(told, [[one, ['task1']]]);
  pass(3_000);
  assert.deepEqual(told.at(-1), [one, ['task2']]);
  withdrawals.left(two);
  withdrawals.gone(two);
  withdrawals.told([leaves(one, 3, 'task3'), leaves(two, 'away', 'task3')]);
  withdrawals.inForce(one, 3);
  assert.deepEqual(told.at(-1), [one, ['task3']]);
});

test('when this process slept nobody was slow', () => {
  const { told, withdrawals, stall, pass } = watched();
  withdrawals.told([leaves(one, 1, 'task1')]);
  stall(3_500);
  assert.deepEqual(told, []);
  pass(3_000);
  assert.equal(told.length, 1);
});

test('a node without a session is waited for until it has done what it was told when it was back', () => {
  const { told, withdrawals } = watched();
  withdrawals.told([leaves(one, 1, 'task1'), leaves(two, 1, 'task1')]);
  withdrawals.left(two);
  withdrawals.told([leaves(one, 2, 'task2'), leaves(two, 'away', 'task3'), leaves('never' as NodeId, 'away', 'task2')]);
  withdrawals.inForce(one, 2);
  assert.deepEqual(told, [[one, ['task2']]]);
  withdrawals.inForce(two, 7);
  assert.equal(told.length, 1, 'what it said before says nothing');
  withdrawals.back(two, 8);
  withdrawals.inForce(two, 7);
  assert.equal(told.length, 1);
  withdrawals.inForce(two, 8);
  assert.deepEqual(told.at(-1), [one, ['task1', 'task3']]);
});

test('of what is waited for already a node that comes back changes nothing', () => {
  const { told, withdrawals } = watched();
  withdrawals.told([leaves(one, 2, 'task1'), leaves(two, 3, 'task1')]);
  withdrawals.returned(one, ['task1' as TaskId], new Map([[one, 1]]));
  withdrawals.inForce(one, 2);
  assert.deepEqual(told, []);
  withdrawals.inForce(two, 3);
  assert.deepEqual(told, [[one, ['task1']]]);
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
