import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNetwork, aPublish, aSelf, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import type { Assignment } from '../../model/assignment.ts';
import { isSame, kernelInputs } from './inputs.ts';

const self = aSelf();
const network = aNetwork();
const publish = aPublish();
const same = (before: readonly Assignment[], after: readonly Assignment[]): boolean =>
  isSame(kernelInputs(setOf(...before), new Map()), kernelInputs(setOf(...after), new Map()));

test('that a task is ready matters to a published service alone', () => {
  const [yes, no] = [anEndpoint({ nodeId: 'node2' }), anEndpoint({ nodeId: 'node2', ready: false })];
  assert.equal(same([self, network, yes], [self, network, no]), true);
  assert.equal(same([self, network, publish, yes], [self, network, publish, no]), false);
});

test('it matters too while two tasks claim an address', () => {
  const other = anEndpoint({ id: 'front0000/task2', taskId: 'task2', nodeId: 'node2' });
  const stopped = { ...other, ready: false };
  assert.equal(same([self, network, anEndpoint(), other], [self, network, anEndpoint(), stopped]), false);
});

test('where a task is matters, and everything that is not an endpoint', () => {
  assert.equal(same([self, anEndpoint()], [self, anEndpoint({ nodeId: 'node2' })]), false);
  assert.equal(same([self, network], [self, aNetwork({ internal: true })]), false);
  assert.equal(same([self, network], [self]), false);
});
