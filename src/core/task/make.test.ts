import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskSpec } from '../../model/service.ts';
import { withDefaultLogging } from './make.ts';

const task: TaskSpec = { containers: [{ name: 'main', image: 'web' }] };
const standard = { driver: 'journald', options: { tag: 'tutti' } };

test('the log driver of the cluster goes to tasks that name none', () => {
  assert.deepEqual(withDefaultLogging(task, standard), { ...task, logging: standard });
  const options = { 'max-size': '1m' };
  assert.deepEqual(withDefaultLogging({ ...task, logging: { options } }, standard).logging, {
    driver: 'journald',
    options,
  });
});

test('a driver of their own stays, and a cluster without one changes nothing', () => {
  const own: TaskSpec = { ...task, logging: { driver: 'local' } };
  assert.equal(withDefaultLogging(own, standard), own);
  assert.equal(withDefaultLogging(task, undefined), task);
  assert.equal(withDefaultLogging(task, { driver: '' }), task);
});
