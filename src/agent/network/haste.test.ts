import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { anEndpoint, aSelf, aTask, setOf } from '../../../test/support/assignments.ts';
import { taskObservation } from '../../model/task.ts';
import { areMoreReady, isOneMoreReady } from './haste.ts';

const endpoint = (task: number, ready: boolean, changes: Partial<Parameters<typeof anEndpoint>[0]> = {}) =>
  anEndpoint({
    id: `front0000/task${task}`,
    taskId: `task${task}`,
    address: `10.128.0.${10 + task}`,
    ready,
    ...changes,
  });
const [self, first, second, secondReady] = [aSelf(), endpoint(1, true), endpoint(2, false), endpoint(2, true)];

suite('a change can wait', () => {
  const before = setOf(self, first, second);

  test('where one more task is ready of a service that has one', () => {
    assert.equal(areMoreReady(before, setOf(self, first, secondReady)), true);
    const again = structuredClone(first);
    assert.equal(areMoreReady(setOf(self, first, second), setOf(self, again, secondReady)), false, 'another object');
  });

  test('but not where it is the first, or anything else is different', () => {
    const gone = endpoint(1, false);
    assert.equal(areMoreReady(setOf(self, gone, second), setOf(self, gone, secondReady)), false, 'the first');
    const other = endpoint(1, true, { serviceId: 'service2' });
    assert.equal(
      areMoreReady(setOf(self, other, second), setOf(self, other, secondReady)),
      false,
      'of another service',
    );
    assert.equal(areMoreReady(before, setOf(self, gone, secondReady)), false, 'one is not ready any more');
    assert.equal(areMoreReady(before, setOf(self, secondReady)), false, 'one is gone');
    const moved = endpoint(2, true, { address: '10.128.0.99' });
    assert.equal(areMoreReady(before, setOf(self, first, moved)), false, 'at another address');
  });
});

suite('what is seen of a task of this node can wait', () => {
  const task = aTask({ id: 'task2' });
  const assignments = setOf(self, task, first, second);
  const seen = (ready: boolean, changes = {}) =>
    taskObservation.parse({
      taskId: 'task2',
      state: 'running',
      timestamp: 1,
      message: '',
      containers: [],
      ready,
      ...changes,
    });

  test('while it is on its way, and when it is one more', () => {
    assert.equal(isOneMoreReady(assignments, undefined, seen(false)), true);
    assert.equal(isOneMoreReady(assignments, seen(false), seen(true)), true);
  });

  test('but not when it is the first, has a port of the node, ends, or another goes on in its place', () => {
    assert.equal(isOneMoreReady(setOf(self, task, second), seen(false), seen(true)), false);
    const ports = [{ protocol: 'tcp', target: 80, published: 8080, mode: 'host' }];
    const withPorts = setOf(self, aTask({ id: 'task2', hostPorts: ports }), first, second);
    assert.equal(isOneMoreReady(withPorts, seen(false), seen(true)), false);
    assert.equal(isOneMoreReady(assignments, seen(true), seen(false)), false);
    assert.equal(isOneMoreReady(setOf(self, task, first, secondReady), undefined, seen(false)), false);
    assert.equal(isOneMoreReady(assignments, seen(false), seen(false, { successor: 'task3' })), false);
  });
});
