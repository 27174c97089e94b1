import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anEndpoint, aSelf, setOf } from '../../../test/support/assignments.ts';
import type { AssignedEndpoint } from '../../model/assignment.ts';
import { setAside } from './set-aside.ts';

const on = (nodeId: string, changes: Parameters<typeof anEndpoint>[0] = {}): AssignedEndpoint =>
  anEndpoint({ id: `front0000/${nodeId}`, taskId: nodeId, nodeId, ...changes });

const readyIn = (endpoints: readonly AssignedEndpoint[], unreachable: readonly string[]): string[] =>
  [...setAside(setOf(aSelf(), ...endpoints), new Set(unreachable)).values()].flatMap((item) =>
    item.kind === 'endpoint' && item.ready ? [item.nodeId] : [],
  );

test('tasks on nodes that are not reached are given nothing while others are reached, and everything where none is', () => {
  const all = [on('node1'), on('node2'), on('node3')];
  assert.deepEqual(readyIn(all, ['node3']), ['node1', 'node2']);
  assert.deepEqual(readyIn(all, ['node1', 'node2', 'node3']), ['node1', 'node2', 'node3']);
  assert.deepEqual(readyIn([on('node3'), on('node2', { ready: false })], ['node3']), ['node3']);
  const other = on('node2', { id: 'back0000/node2', networkId: 'back0000' });
  assert.deepEqual(readyIn([on('node3'), other], ['node3']), ['node3', 'node2']);
});

test('a container that is no service is found wherever it is', () => {
  const { serviceId: _none, ...container } = on('node3');
  assert.deepEqual(readyIn([container, on('node2')], ['node3']), ['node3', 'node2']);
});

test('tasks of nodes that only the manager has lost serve while there is nothing else', () => {
  const lost = on('node3', { ready: false, lost: true });
  assert.deepEqual(readyIn([lost, on('node2')], []), ['node2']);
  assert.deepEqual(readyIn([lost, on('node2', { ready: false })], []), ['node3']);
  assert.deepEqual(readyIn([lost], ['node3']), []);
});

test('what does not change is the same object, also what is set aside again', () => {
  const assignments = setOf(aSelf(), on('node1'), on('node2'));
  assert.equal(setAside(assignments, new Set()), assignments);
  const [first, second] = [1, 2].map(() => setAside(assignments, new Set(['node2'])));
  assert.equal(first?.get('endpoint:front0000/node2'), second?.get('endpoint:front0000/node2'));
  assert.equal(first?.get('endpoint:front0000/node1'), assignments.get('endpoint:front0000/node1'));
});
