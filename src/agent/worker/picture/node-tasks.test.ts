import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskId } from '../../../model/ids.ts';
import type { ContainerView } from './container-view.ts';
import { createNodeTasks } from './node-tasks.ts';

const view: ContainerView = {
  id: 'c1',
  taskId: 't1' as TaskId,
  name: 'main',
  state: 'running',
  health: 'none',
  graceSeconds: 10,
};

test('a listing begun before a container went does not bring it back, nor its task', () => {
  const tasks = createNodeTasks();
  tasks.setContainer(view);
  const mark = tasks.mark();
  tasks.dropContainer(view.id);
  tasks.delete(view.taskId);
  assert.deepEqual([...tasks.compare([view], mark)], []);
  assert.equal(tasks.container(view.id), undefined);
  assert.equal(tasks.get(view.taskId), undefined);
  // The next listing is believed.
  assert.equal(tasks.compare([view], tasks.mark()).size, 1);
});
