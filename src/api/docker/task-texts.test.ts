import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Network } from '../../model/network.ts';
import type { Task } from '../../model/task.ts';
import { serviceBody, startHarness } from './testing/call.ts';
import { createTaskTexts } from './task-texts.ts';

test('a text is made again when the row, its status, its network or the kind of its service changes', async () => {
  await using docker = await startHarness();
  await docker.read('POST', '/services/create', { body: serviceBody('web') });
  const [record] = docker.cluster.manager.queries.tasks();
  assert.ok(record);
  const networks = new Map([
    [
      'n',
      {
        id: 'n',
        version: 1,
        createdAt: 0,
        updatedAt: 0,
        subnet: '10.0.0.0/24',
        spec: { name: 'n', driver: 'overlay' },
      },
    ],
  ]);
  const task = { ...record.task, addresses: [{ networkId: 'n', address: '10.0.0.2' }] } as unknown as Task;
  let isJob = false;
  const surroundings = {
    network: (id: string) => networks.get(id) as unknown as Network | undefined,
    isJob: () => isJob,
  };
  const textOf = createTaskTexts();
  const { status } = record;
  const first = textOf({ task, status }, surroundings);
  assert.match(first, /"Addresses":\["10\.0\.0\.2\/24"\]/);
  assert.equal(textOf({ task, status }, surroundings), first);
  assert.match(textOf({ task, status: { ...status, state: 'running' } }, surroundings), /"State":"running"/);
  assert.match(
    textOf({ task: { ...task, desiredState: 'shutdown' }, status }, surroundings),
    /"DesiredState":"shutdown"/,
  );
  networks.set('n', {
    id: 'n',
    version: 2,
    createdAt: 0,
    updatedAt: 0,
    subnet: '10.0.0.0/16',
    spec: { name: 'n', driver: 'overlay' },
  });
  assert.match(textOf({ task, status }, surroundings), /"Addresses":\["10\.0\.0\.2\/16"\]/);
  isJob = true;
  assert.match(textOf({ task, status }, surroundings), /"JobIteration"/);
});
