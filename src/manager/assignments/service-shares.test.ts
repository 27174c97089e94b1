import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkId, NodeId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { Service } from '../../model/service.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import { aNode, aService, aStatus, aTask } from '../../store/fixtures.ts';
import type { Transaction } from '../../store/store.ts';
import { manualClock } from '../testing/clock.ts';
import { AssignmentTable } from './table.ts';
import { trackAssignments } from './track.ts';

const node = aNode('one');
const [red, green] = ['red' as NetworkId, 'green' as NetworkId];

const aNetwork = (id: string, ingress = false): Network => ({
  id: id as NetworkId,
  version: 0,
  createdAt: 1,
  updatedAt: 1,
  spec: { name: id, driver: 'overlay', ...(ingress && { ingress }) },
  subnet: '10.0.1.0/24',
  gateway: '10.0.1.1',
});

/** A service with addresses of its own on these networks, published on these ports. */
const serving = (name: string, on: readonly NetworkId[], ...published: readonly number[]): Service =>
  aService(name, {
    virtualIps: on.map((networkId) => ({ networkId, address: '10.0.1.2' })),
    ports: published.map((port) => ({ protocol: 'tcp', mode: 'ingress', target: 80, published: port })),
  });

/** A node with a task of the service `web` on two networks, and what it is told. */
const start = async (web: Service) => {
  const store = await createStore({ driver: memoryDriver(), clock: manualClock() });
  const networks = [red, green].map((networkId) => ({ networkId }));
  const task = aTask('task', {
    nodeId: node.id as NodeId,
    addresses: networks.map((each) => ({ ...each, address: '10.0.1.9' })),
    spec: { containers: [{ name: 'main', image: 'web:1' }], networks },
  });
  await store.update((transaction) => {
    transaction.create('node', node);
    for (const network of [aNetwork('ingress', true), aNetwork(red), aNetwork(green)])
      transaction.create('network', network);
    transaction.create('service', web);
    transaction.create('task', task);
  });
  store.observe((soft) => soft.put('taskStatus', task.id, aStatus(task.id, { nodeId: node.id as NodeId })));
  const assignments = trackAssignments(store);
  assignments.full(node.id);
  assignments.changes();
  return {
    /** What the node is told of a change, by its keys; all that it was told is then what it would be told anew. */
    async told(change: (transaction: Transaction) => void): Promise<readonly string[]> {
      await store.update(change);
      const { put = [], remove = [] } = assignments.changes().get(node.id) ?? {};
      assert.deepEqual(assignments.full(node.id), new AssignmentTable(store.view).full(node.id));
      return [...put.map(({ kind, id }) => `${kind}:${id}`), ...remove.map((key) => `- ${key}`)].toSorted();
    },
  };
};

const update = (service: Service) => (transaction: Transaction) => transaction.update('service', service);

test('ports stay published when another network goes, and when the ingress network is another one', async () => {
  const { told } = await start(serving('web', [red], 80));
  assert.deepEqual(await told((transaction) => transaction.delete('network', green)), ['- network:green']);
  const changed = await told((transaction) => {
    transaction.delete('network', 'ingress');
    transaction.create('network', aNetwork('next', true));
  });
  assert.deepEqual(changed, ['- network:ingress', 'network:next', 'publish:tcp/80']);
});

test('with another ingress network and other addresses at once the task has the names that go with these', async () => {
  const { told } = await start(serving('web', [red], 80));
  const changed = await told((transaction) => {
    transaction.update('network', aNetwork('ingress', true));
    transaction.update('service', serving('web', [green], 80));
  });
  assert.deepEqual(changed, [
    '- vip:red/service-web',
    'endpoint:green/task',
    'endpoint:red/task',
    'network:ingress',
    'vip:green/service-web',
  ]);
});

test("a port that passes from one service to another is the new one's, whichever of them is looked at first", async () => {
  const { told } = await start(serving('web', [], 80));
  const next = serving('next', [], 80);
  const changed = await told((transaction) => {
    transaction.create('service', next);
    transaction.delete('service', 'service-web');
  });
  assert.deepEqual(changed, ['publish:tcp/80']);
  assert.deepEqual(await told((transaction) => transaction.delete('service', next.id)), [
    '- network:ingress',
    '- publish:tcp/80',
  ]);
});

test("where the service gets or loses its own address the task's names change, and what stays is not told again", async () => {
  const { told } = await start(serving('web', [red]));
  assert.deepEqual(await told(update(serving('web', [red, green]))), ['endpoint:green/task', 'vip:green/service-web']);
  assert.deepEqual(await told(update(serving('web', [red]))), ['- vip:green/service-web', 'endpoint:green/task']);
  assert.deepEqual(await told(update(serving('web', [green]))), [
    '- vip:red/service-web',
    'endpoint:green/task',
    'endpoint:red/task',
    'vip:green/service-web',
  ]);
  assert.deepEqual(await told(update(serving('web', []))), ['- vip:green/service-web', 'endpoint:green/task']);
});

test('the task of a service without addresses of its own is told with its ports', async () => {
  const on = (target: number): Service => {
    const { spec, ...service } = serving('web', []);
    const ports = [{ protocol: 'tcp' as const, mode: 'ingress' as const, target }];
    return { ...service, spec: { ...spec, endpoint: { mode: 'dnsrr', ports } } };
  };
  const { told } = await start(on(80));
  assert.deepEqual(await told(update(on(81))), ['endpoint:green/task', 'endpoint:red/task']);
  assert.deepEqual(await told(update(on(81))), []);
});
