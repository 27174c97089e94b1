import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeDescription, NodeState, NodeStatus } from '../../model/node.ts';
import { silentLog } from '../../platform/log.ts';
import { memoryDisk } from '../../store/drivers/memory.ts';
import { TestCluster } from '../testing/cluster.ts';
import { trackAssignments } from '../assignments/track.ts';
import { recordDescription } from './describe.ts';
import { claimAgain, watchClaims } from './claims.ts';

const key = (letter: string): string => `${letter.repeat(42)}A=`;

/** Three nodes that are up and connect from the addresses that they tell: 192.168.0.1, .2, .3. */
const start = async (names: readonly string[] = ['node1', 'node2', 'node3']) => {
  const resources = new AsyncDisposableStack();
  const disk = memoryDisk();
  const cluster = resources.use(await TestCluster.start({ nodes: names.length, disk }));
  const { store } = cluster;
  resources.use(watchClaims(store, cluster.clock, silentLog));
  const row = (name: string) => {
    const node = store.view.get('node', name);
    assert.ok(node?.description);
    return { ...node, description: node.description };
  };
  const status = (name: string, state: NodeState, from: string, more: Partial<NodeStatus> = {}): void => {
    const nodeId = row(name).id;
    const next = { nodeId, state, address: from, message: '', since: 0, ...more };
    store.observe((soft) => soft.put('nodeStatus', nodeId, next));
  };
  const says = async (name: string, what: Partial<NodeDescription>): Promise<void> =>
    await recordDescription(store, silentLog, row(name).id, { ...row(name).description, ...what });
  const refused = (): unknown =>
    Object.fromEntries(names.flatMap((name) => (row(name).refused ? [[name, row(name).refused]] : [])));
  for (const name of names) status(name, 'ready', row(name).description.address);
  const remove = async (name: string): Promise<void> => {
    await store.update((transaction) => transaction.delete('node', name));
    await cluster.settle();
  };
  return {
    cluster,
    disk,
    row,
    says,
    refused,
    remove,
    status: async (...told: Parameters<typeof status>) => {
      status(...told);
      await cluster.settle();
    },
    [Symbol.asyncDispose]: async () => await resources.disposeAsync(),
  };
};

test("a node that says another's address is its own is no peer of anybody, and that one stays what it was", async () => {
  await using it = await start();
  const { store, manager } = it.cluster;
  using assignments = trackAssignments(store);
  const peers = (of: string): readonly string[] =>
    [...assignments.full(of).values()].flatMap((item) => (item.kind === 'peer' ? `${item.id} ${item.address}` : []));
  assert.deepEqual(peers('node2'), ['node1 192.168.0.1', 'node3 192.168.0.3']);
  assignments.changes();
  await it.says('node3', { address: '192.168.0.1' });
  assert.deepEqual(it.refused(), { node3: { address: 'node1' } });
  assert.deepEqual(assignments.changes().get('node2'), { put: [], remove: ['peer:node3'] });
  assert.match(manager.queries.node('node3').status.message, /192\.168\.0\.1, which is node node1's.*remove node1/);
  await it.says('node3', { address: '192.168.0.9' });
  assert.deepEqual(it.refused(), {});
  assert.deepEqual(peers('node2'), ['node1 192.168.0.1', 'node3 192.168.0.9']);
});

test("nothing is encrypted with a node that says another's key is its own", async () => {
  await using it = await start();
  await it.says('node1', { publicKey: key('K') });
  await it.says('node3', { publicKey: key('K') });
  using assignments = trackAssignments(it.cluster.store);
  const keys = [...assignments.full('node2').values()].flatMap((item) =>
    item.kind === 'peer' ? [[item.id, item.publicKey]] : [],
  );
  assert.deepEqual(keys, [
    ['node1', key('K')],
    ['node3', undefined],
  ]);
  // As both do when keys are rotated.
  await it.says('node1', { publicKey: key('L') });
  assert.deepEqual(it.refused(), {});
  await it.says('node3', { publicKey: key('M') });
  assert.deepEqual(it.refused(), {});
});

test('two nodes that swap their addresses, and their connections, have them in the end', async () => {
  await using it = await start();
  await it.says('node1', { address: '192.168.0.2' });
  assert.deepEqual(it.refused(), { node1: { address: 'node2' } });
  await it.says('node2', { address: '192.168.0.1' });
  assert.deepEqual(it.refused(), {});
});

test('what is a removed node s is free; what is of one that is down goes to who connects from there', async () => {
  await using it = await start();
  await it.says('node1', { publicKey: key('K') });
  await it.status('node1', 'down', '192.168.0.1');
  await it.says('node2', { address: '192.168.0.1', publicKey: key('K') });
  await it.says('node3', { address: '192.168.0.1' });
  assert.deepEqual(it.refused(), { node2: { address: 'node1', publicKey: 'node1' }, node3: { address: 'node1' } });
  // The same machine, made anew: another node, with the same address and key.
  await it.status('node2', 'ready', '192.168.0.1');
  assert.deepEqual(it.refused(), { node1: { address: 'node2', publicKey: 'node2' }, node3: { address: 'node2' } });
  await it.remove('node2');
  assert.deepEqual(it.cluster.store.view.get('node', 'node1')?.refused, { address: 'node3' });
});

test('a proof is asked for only of a node that is down', async () => {
  await using it = await start();
  await it.says('node3', { address: '192.168.0.1' });
  await it.status('node1', 'disconnected', '192.168.0.1');
  await it.status('node3', 'ready', '192.168.0.1');
  assert.deepEqual(it.refused(), { node3: { address: 'node1' } });
  await it.status('node1', 'down', '192.168.0.1');
  assert.deepEqual(it.refused(), { node1: { address: 'node3' } });
  await it.status('node1', 'ready', '192.168.0.1');
  assert.deepEqual(it.refused(), { node1: { address: 'node3' } }, 'it is node3 that has it now');
});

test('a node whose engine hangs keeps what it has while its agent is heard', async () => {
  await using it = await start();
  await it.says('node3', { address: '192.168.0.1' });
  await it.status('node3', 'ready', '192.168.0.1');
  await it.status('node1', 'down', '192.168.0.1', { engineAway: true });
  assert.deepEqual(it.refused(), { node3: { address: 'node1' } });
  await it.status('node1', 'down', '192.168.0.1');
  assert.deepEqual(it.refused(), { node1: { address: 'node3' } }, 'silent, after all');
});

test('what could not be stored is settled when it can be', async () => {
  await using it = await start();
  await it.says('node3', { address: '192.168.0.1' });
  await it.status('node3', 'ready', '192.168.0.1');
  it.disk.revision += 1;
  await it.status('node1', 'down', '192.168.0.1');
  assert.deepEqual(it.refused(), { node3: { address: 'node1' } });
  it.disk.revision -= 1;
  await it.cluster.pass(5_000);
  assert.deepEqual(it.refused(), { node1: { address: 'node3' } });
});

test('a node that falls silent while another claims its address loses it', async () => {
  await using it = await start();
  await it.status('node3', 'ready', '192.168.0.1');
  const silent = Promise.withResolvers<void>();
  await it.cluster.store.update((transaction) => {
    const node = it.row('node3');
    claimAgain(transaction, node, { ...node.description, address: '192.168.0.1' });
    // It is decided, and not stored yet.
    queueMicrotask(() => silent.resolve(it.status('node1', 'down', '192.168.0.1')));
  });
  await silent.promise;
  await it.cluster.settle();
  assert.deepEqual(it.refused(), { node1: { address: 'node3' } });
});

test('of a key that a node does not say any more it is refused nothing', async () => {
  await using it = await start();
  await it.says('node1', { publicKey: key('K') });
  await it.says('node3', { publicKey: key('K') });
  assert.deepEqual(it.refused(), { node3: { publicKey: 'node1' } });
  const { publicKey: _, ...without } = it.row('node3').description;
  await recordDescription(it.cluster.store, silentLog, it.row('node3').id, without);
  assert.deepEqual(it.refused(), {});
});

test('a manager that begins settles what nobody has settled before', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { store } = cluster;
  await store.update((transaction) => {
    const node = transaction.get('node', 'node2');
    assert.ok(node?.description);
    transaction.update('node', { ...node, description: { ...node.description, address: '192.168.0.1' } });
  });
  using _ = watchClaims(store, cluster.clock, silentLog);
  await cluster.settle();
  assert.deepEqual(store.view.get('node', 'node2')?.refused, { address: 'node1' });
});
