import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkId, NodeId, TaskId } from '../../model/ids.ts';
import { ownNames, sharedNames } from './names.ts';

const task = {
  id: 'task1' as TaskId,
  serviceName: 'app_web',
  serviceLabels: { 'com.docker.stack.namespace': 'app' },
  slot: 2,
  spec: { containers: [{ name: 'main', image: 'x', hostname: 'front' }] },
};

test('a service is found by its name, its short name in a stack, its aliases and tasks.<name>', () => {
  const attachment = { networkId: 'net' as NetworkId, aliases: ['web', 'www'] };
  assert.deepEqual(sharedNames(task, attachment), ['app_web', 'tasks.app_web', 'web', 'tasks.web', 'www']);
  const { serviceLabels: _none, ...plain } = task;
  assert.deepEqual(sharedNames(plain, { networkId: 'net' as NetworkId }), ['app_web', 'tasks.app_web']);
});

test('a task is found by its slot, its id and its hostname', () => {
  assert.deepEqual(ownNames(task), ['app_web.2', 'app_web.2.task1', 'front']);
  const { slot: _none, ...global } = { ...task, nodeId: 'node1' as NodeId };
  const templated = { ...global, spec: { containers: [{ name: 'main', image: 'x', hostname: '{{.Node.Hostname}}' }] } };
  assert.deepEqual(ownNames(templated), ['app_web.node1', 'app_web.node1.task1']);
});
