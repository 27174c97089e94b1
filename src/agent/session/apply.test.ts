import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Assignment } from '../../model/assignment.ts';
import { serviceId, taskId } from '../../model/ids.ts';
import { applyMessage, storable } from './apply.ts';

const config = (id: string, data = ''): Assignment => ({ kind: 'config', id, name: id, data });
const message = (sequence: number, complete: boolean, put: readonly Assignment[], remove: readonly string[] = []) =>
  ({ kind: 'assignments', sequence, complete, put, remove }) as const;

test('a whole set replaces, a difference changes', () => {
  const first = applyMessage(undefined, message(1, true, [config('a'), config('b')]));
  assert.notEqual(first, 'gap');
  if (first === 'gap') return;
  const second = applyMessage(first, message(2, false, [config('b', 'x'), config('c')], ['config:a']));
  assert.notEqual(second, 'gap');
  if (second === 'gap') return;
  assert.deepEqual([...second.assignments.values()], [config('b', 'x'), config('c')]);
  assert.equal(first.assignments.size, 2);
});

test('what is removed and put in one message is there', () => {
  const first = { sequence: 1, assignments: new Map([['config:a', config('a')]]) };
  const next = applyMessage(first, message(2, false, [config('a', 'new')], ['config:a']));
  assert.deepEqual(next === 'gap' ? next : [...next.assignments.values()], [config('a', 'new')]);
});

test('a missing message is noticed; a whole set needs none', () => {
  const first = { sequence: 1, assignments: new Map() };
  assert.equal(applyMessage(undefined, message(1, false, [])), 'gap');
  assert.equal(applyMessage(first, message(3, false, [])), 'gap');
  assert.equal(applyMessage(first, message(1, false, [])), 'gap');
  assert.notEqual(applyMessage(first, message(7, true, [])), 'gap');
});

test('secrets and credentials are not stored', () => {
  const task: Assignment = {
    kind: 'task',
    id: taskId.parse('t1'),
    serviceId: serviceId.parse('s1'),
    serviceName: 'web',
    spec: { containers: [{ name: 'main', image: 'web' }], pullCredentials: { 'registry.example': 'hush' } },
    desiredState: 'running',
    addresses: [],
  };
  const secret: Assignment = { kind: 'secret', id: 'x', name: 'x', data: 'hush' };
  const kept = [task, secret, config('a')].map(storable);
  assert.deepEqual(
    kept.map((item) => item?.kind),
    ['task', undefined, 'config'],
  );
  assert.ok(!JSON.stringify(kept).includes('hush'));
});
