import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceView, TaskView } from '../../model/native.ts';
import { watchStability } from './stable.ts';

const service = (more: Partial<ServiceView> = {}): ServiceView => ({
  id: 'id',
  name: 'web',
  mode: 'replicated',
  image: 'a',
  running: 1,
  desired: 1,
  completed: 0,
  updated: 1,
  ports: [],
  version: 1,
  ...more,
});

const task = (id: string): TaskView => ({
  id,
  name: 'web.1',
  service: 'web',
  serviceId: 'id',
  image: 'a',
  state: 'running',
  desiredState: 'running',
  since: 0,
  message: '',
  ready: true,
  addresses: [],
});

const setUp = () => {
  const world = { now: 0, running: 'one' };
  const tasks = () => Promise.resolve([task(world.running)]);
  return { world, watch: watchStability({ monotonic: () => world.now, tasks }, 5000) };
};

test('the same task for the whole span is stable', async () => {
  const { world, watch } = setUp();
  assert.equal((await watch.look([service()])).kind, 'holding');
  world.now = 4999;
  assert.equal((await watch.look([service()])).kind, 'holding');
  world.now = 5000;
  assert.equal((await watch.look([service()])).kind, 'stable');
});

test('a task that was replaced between two looks breaks it, and time starts again', async () => {
  const { world, watch } = setUp();
  await watch.look([service()]);
  Object.assign(world, { now: 5000, running: 'two' });
  const found = await watch.look([service()]);
  assert.deepEqual(found, { kind: 'broken', services: [service()] });
  world.now = 9999;
  assert.equal((await watch.look([service()])).kind, 'holding');
  world.now = 10_000;
  assert.equal((await watch.look([service()])).kind, 'stable');
});

test('after an interruption time starts again', async () => {
  const { world, watch } = setUp();
  await watch.look([service()]);
  world.now = 4000;
  watch.interrupt();
  await watch.look([service()]);
  world.now = 8000;
  assert.equal((await watch.look([service()])).kind, 'holding');
});

test('jobs and what ran to its end have nothing to keep', async () => {
  const { watch } = setUp();
  const services = [service({ mode: 'replicated-job' }), service({ running: 0, completed: 1 })];
  assert.equal((await watch.look(services)).kind, 'stable');
});
