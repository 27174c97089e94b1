import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedPort, ServiceSpec } from '../../model/service.ts';
import { manualClock } from '../testing/clock.ts';
import type { KnownContainer, NodeRecord } from '../manager.ts';
import { createFindHeld } from './held.ts';
import type { HeldPorts } from './held.ts';

const port: PublishedPort = { protocol: 'tcp', target: 80, published: 8080, mode: 'ingress' };
const spec = (...ports: readonly PublishedPort[]) => ({ name: 'web', endpoint: { ports } }) as unknown as ServiceSpec;

const container = (name: string, published: number, labels = {}) =>
  ({
    name,
    nodeName: 'one',
    reachable: name !== 'lost',
    summary: { Labels: labels, Ports: [{ IP: '192.0.2.1', PublicPort: published, PrivatePort: 1, Type: 'tcp' }] },
  }) as unknown as KnownContainer;

/** Asks in a cluster of two nodes, the second of which does not answer; gives what was asked for. */
const cluster = (current: readonly Partial<PublishedPort>[] = []) => {
  const asked: string[] = [];
  const node = (id: string) =>
    ({ node: { id, spec: {}, description: { hostname: id } }, status: { state: 'ready' } }) as unknown as NodeRecord;
  const ports = {
    view: { find: () => [{ ports: current }] },
    queries: { nodes: () => [node('one'), node('two')] },
    inventory: {
      containers: () => [
        container('db', 8080),
        container('task', 8080, { 'tutti.task': 't' }),
        container('other', 81),
        container('lost', 8080),
      ],
    },
    requests: {
      request: async (nodeId: string, { path }: { readonly path: string }) => {
        if (nodeId === 'two') throw new Error('not connected');
        asked.push(path);
        const found = [{ protocol: 'tcp', address: '127.0.0.1', port: 8080, process: 'nginx (process 7)' }];
        return await Promise.resolve({ status: 200, body: [Buffer.from(JSON.stringify(found))] });
      },
    },
    clock: manualClock(),
  } as unknown as HeldPorts;
  return { asked, find: createFindHeld(ports) };
};

test('containers that are no tasks and processes of nodes are named', async () => {
  const { find, asked } = cluster();
  const held = { protocol: 'tcp', port: 8080, mode: 'host' };
  assert.deepEqual(await find([spec(port)]), [
    { ...held, address: '192.0.2.1', owner: 'already in use by container db on one' },
    {
      ...held,
      address: '127.0.0.1',
      owner: 'already in use by nginx (process 7), which listens at 127.0.0.1, on one',
    },
  ]);
  assert.deepEqual(asked, ['/listeners/8080']);
});

test('nobody is asked where nothing new is published on every node', async () => {
  const open: PublishedPort = { protocol: 'tcp', target: 80, mode: 'ingress' };
  for (const specs of [[spec()], [spec(open)], [spec({ ...port, mode: 'host' })]]) {
    const { find, asked } = cluster();
    assert.deepEqual(await find(specs), []);
    assert.deepEqual(asked, []);
  }
  const { find, asked } = cluster([{ protocol: 'tcp', published: 8080 }]);
  assert.deepEqual(await find([spec(port)]), []);
  await find([spec(port, { ...open, range: { first: 8080, last: 8082 } })]);
  assert.deepEqual(asked, ['/listeners/8081,8082']);
});
