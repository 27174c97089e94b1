import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from '../http/reply.ts';
import { serviceBody, startHarness } from './testing/call.ts';
import type { Harness } from './testing/call.ts';

const bytesOf = (reply: Reply): Uint8Array => {
  assert.equal(reply.kind, 'bytes');
  return reply.kind === 'bytes' ? reply.bytes : Buffer.alloc(0);
};

const list = async (docker: Harness, path: string) => bytesOf(await docker.call('GET', path));

test('lists are kept while nothing has changed of which they are made, and made anew when it has', async () => {
  await using docker = await startHarness();
  const { cluster } = docker;
  await docker.read('POST', '/services/create', { body: serviceBody('web') });
  for (const path of ['/services', '/services?status=true', '/tasks']) {
    const first = await list(docker, path);
    assert.equal(await list(docker, path), first, path);
  }
  const [services, counted, tasks] = [
    await list(docker, '/services'),
    await list(docker, '/services?status=true'),
    await list(docker, '/tasks'),
  ];
  cluster.setNodeState('node2', 'down');
  await cluster.settle();
  assert.equal(await list(docker, '/services'), services, 'a node is nothing to a list of services');
  assert.notEqual(await list(docker, '/services?status=true'), counted);
  assert.notEqual(await list(docker, '/tasks'), tasks);
  await cluster.manager.commands.removeService('web');
  await cluster.settle();
  assert.deepEqual(await docker.read('GET', '/services'), []);
});
