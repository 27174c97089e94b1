import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createClient } from '../../client/client.ts';
import type { Client } from '../../client/client.ts';
import { parseEndpoint } from '../../client/endpoint.ts';
import { TestCluster } from '../../manager/testing/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import { stackSpec } from '../../model/stack.ts';
import type { StackSpec } from '../../model/stack.ts';
import { silentLog } from '../../platform/log.ts';
import { createApi } from '../server.ts';

interface Harness extends AsyncDisposable {
  readonly cluster: TestCluster;
  readonly client: Client;
  readonly socket: string;
}

const start = async (): Promise<Harness> => {
  const cluster = await TestCluster.start({
    nodes: 2,
    gateway: {
      openLogs: async function* (node) {
        if (node === 'node2') throw new TuttiError('unavailable', 'node2 has no session');
        yield { stream: 'stdout', data: Buffer.from('hello\n') };
      },
    },
  });
  const directory = await mkdtemp(join(tmpdir(), 'tutti-web-'));
  const socket = join(directory, 'api.sock');
  const { clock, manager } = cluster;
  const random = { id: () => 'x', number: () => 0 };
  const api = createApi({ manager, clock, random, version: '0.1.0', log: silentLog });
  const server = createServer(api.listener);
  await new Promise<void>((listening) => server.listen(socket, listening));
  return {
    cluster,
    socket,
    client: createClient(parseEndpoint(`unix://${socket}`)),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
      await cluster[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
};

const { signal } = new AbortController();

const shop = (image: string): StackSpec =>
  stackSpec.parse({
    name: 'shop',
    services: [
      {
        name: 'shop_web',
        labels: { 'com.docker.stack.namespace': 'shop' },
        task: {
          containers: [
            {
              name: 'main',
              image,
              secrets: [{ secretId: 'shop_key', secretName: 'shop_key', target: 'key' }],
            },
          ],
          networks: [{ networkId: 'shop_front' }],
        },
        mode: { kind: 'replicated', replicas: 2 },
      },
    ],
    networks: [{ name: 'shop_front', driver: 'overlay', labels: { 'com.docker.stack.namespace': 'shop' } }],
    secrets: [{ name: 'shop_key', data: 'aHVudGVyMg==', labels: { 'com.docker.stack.namespace': 'shop' } }],
    configs: [],
  });

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'none';
  } catch (thrown) {
    return TuttiError.from(thrown).code;
  }
};

test('a stack is planned, applied, listed, explained and removed', async () => {
  await using api = await start();
  const { client, cluster } = api;
  const plan = await client.planStack({ stack: shop('web:1') }, signal);
  assert.deepEqual(
    plan.steps.map(({ kind, name }) => `${kind} ${name}`),
    ['create shop_front', 'create shop_key', 'create shop_web'],
  );
  assert.deepEqual(await client.stacks(signal), []);
  await client.applyStack({ stack: shop('web:1') }, signal);
  await cluster.settle();
  const [service] = await client.services('shop', signal);
  assert.equal(service?.updated, 2);
  assert.equal(service?.stack, 'shop');
  const update = await client.planStack({ stack: shop('web:2') }, signal);
  const changes = update.steps.find(({ kind }) => kind === 'update')?.changes;
  assert.deepEqual(changes, [{ path: 'task.containers[main].image', before: 'web:1', after: 'web:2' }]);
  const tasks = await client.tasks({ stack: 'shop' }, signal);
  assert.deepEqual(
    tasks.map(({ name }) => name),
    ['shop_web.1', 'shop_web.2'],
  );
  assert.deepEqual(
    tasks[0]?.addresses.map(({ network }) => network),
    ['shop_front'],
  );
  const { task, summary } = await client.explain('shop_web.1', signal);
  assert.equal(task.id, tasks[0]?.id);
  assert.ok(summary.length > 0);
  assert.equal((await client.scale('shop_web', { replicas: 3 }, signal)).desired, 3);
  const { removed } = await client.removeStack('shop', signal);
  assert.equal(removed.length, 3);
  assert.equal(await codeOf(client.service('shop_web', signal)), 'not-found');
});

test('no answer holds the data of a secret, credentials or the key of the authority', async () => {
  await using api = await start();
  const { client, cluster } = api;
  const stack = shop('web:1');
  const answers: unknown[] = [await client.planStack({ stack }, signal), await client.applyStack({ stack }, signal)];
  await cluster.change('shop_web', (spec) => ({
    ...spec,
    task: { ...spec.task, pullCredentials: { 'docker.io': 'aHVudGVyMg==' } },
  }));
  await cluster.settle();
  answers.push(
    await client.cluster(signal),
    await client.services(undefined, signal),
    await client.tasks({ all: true }, signal),
    await client.explain('shop_web.1', signal),
    await client.nodes(signal),
  );
  const text = JSON.stringify(answers);
  for (const secret of ['aHVudGVyMg', 'hunter2', 'caKey']) assert.ok(!text.includes(secret), secret);
});

test('nodes are drained and activated, tokens shown and rotated', async () => {
  await using api = await start();
  const { client, cluster } = api;
  await cluster.create('web', { mode: { kind: 'replicated', replicas: 2 } });
  await cluster.settle();
  assert.equal((await client.node('node1', signal)).running, 1);
  assert.equal((await client.changeNode('node1', { availability: 'drain' }, signal)).availability, 'drain');
  await cluster.settle();
  assert.equal((await client.node('node1', signal)).running, 0);
  const before = await client.tokens(signal);
  const { token } = await client.rotateToken('worker', signal);
  assert.notEqual(token, before.worker);
  assert.equal((await client.tokens(signal)).worker, token);
  assert.equal(await codeOf(client.removeNode('node1', false, signal)), 'conflict');
});

test('logs and events come line by line', async () => {
  await using api = await start();
  const { client, cluster } = api;
  const since = cluster.clock.now();
  await cluster.create('web', { mode: { kind: 'replicated', replicas: 2 } });
  await cluster.settle();
  const lines = await Array.fromAsync(client.serviceLogs('web', {}, signal));
  assert.ok(lines.some(({ text, node, task }) => text === 'hello' && node === 'node1' && task.startsWith('web.')));
  cluster.clock.advance(10);
  const until = cluster.clock.now();
  cluster.clock.advance(10);
  const events = await Array.fromAsync(client.events({ since, until }, signal));
  assert.ok(events.some(({ type, action, name }) => type === 'service' && action === 'create' && name === 'web'));
});

test('the client throws what the manager threw', async () => {
  await using api = await start();
  const { client } = api;
  assert.equal(await codeOf(client.service('nope', signal)), 'not-found');
  assert.equal(await codeOf(client.removeStack('nope', signal)), 'not-found');
  assert.equal(await codeOf(client.scale('nope', { replicas: 1 }, signal)), 'not-found');
  assert.equal(await codeOf(client.explain('nope', signal)), 'not-found');
  const broken = { stack: { ...shop('a'), services: [{ name: 'a b' }] } as unknown as StackSpec };
  assert.equal(await codeOf(client.planStack(broken, signal)), 'invalid-argument');
  assert.equal(await codeOf(Array.fromAsync(client.serviceLogs('nope', {}, signal))), 'not-found');
  const gone = createClient(parseEndpoint('/nonexistent/tutti.sock'));
  assert.equal(await codeOf(gone.nodes(signal)), 'unavailable');
  await assert.rejects(gone.nodes(signal), /there is no such socket/);
  assert.throws(() => parseEndpoint('http://x'), /is not an endpoint/);
});
