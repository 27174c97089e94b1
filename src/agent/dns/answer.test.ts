import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNetwork, aSelf, aTask, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import { rowsOf } from '../../../test/support/rows.ts';
import { answer } from './answer.ts';
import type { Outcome } from './answer.ts';
import { nameTable } from './table.ts';

const back = aNetwork({ id: 'back00000', name: 'back', subnet: '10.128.1.0/24', gateway: '10.128.1.1' });
const vault = aNetwork({
  id: 'vault0000',
  name: 'vault',
  subnet: '10.128.2.0/24',
  gateway: '10.128.2.1',
  internal: true,
});
const web2 = anEndpoint({
  id: 'front0000/task2',
  taskId: 'task2',
  nodeId: 'node2',
  address: '10.128.0.11',
  taskNames: ['web.2'],
});
const sleeper = anEndpoint({
  id: 'front0000/task3',
  taskId: 'task3',
  nodeId: 'node2',
  address: '10.128.0.12',
  names: ['Sleeper'],
  taskNames: [],
  ready: false,
});
const store = anEndpoint({
  id: 'back00000/task4',
  networkId: 'back00000',
  taskId: 'task4',
  nodeId: 'node2',
  address: '10.128.1.10',
  names: ['store'],
  taskNames: ['store.1'],
});
const safe = anEndpoint({
  ...store,
  id: 'vault0000/task5',
  networkId: 'vault0000',
  taskId: 'task5',
  address: '10.128.2.10',
  names: ['safe'],
  taskNames: ['safe.1'],
});
const table = nameTable(
  rowsOf(setOf(aSelf(), aNetwork(), back, vault, anEndpoint(), web2, sleeper, store, safe, aTask())),
);

const ask = (client: string, name: string, type = 'A', turn = 0): Outcome =>
  answer({ name, type }, table.client(client), table, turn);
const front = '10.128.0.10';
const both = ['10.128.0.10', '10.128.0.11'];

suite('answers', () => {
  test('a service is the addresses of its ready tasks, another one first each time', () => {
    assert.deepEqual(ask(front, 'web'), { kind: 'addresses', addresses: both });
    assert.deepEqual(ask(front, 'web', 'A', 1), { kind: 'addresses', addresses: both.toReversed() });
    assert.deepEqual(ask(front, 'tasks.web'), { kind: 'addresses', addresses: both });
    assert.deepEqual(ask(front, 'web.front'), { kind: 'addresses', addresses: both });
    assert.deepEqual(ask(front, 'web.2'), { kind: 'addresses', addresses: ['10.128.0.11'] });
  });

  test('a name of ours without such a record, or without a ready task, is empty and not unknown', () => {
    for (const type of ['AAAA', 'MX', 'SRV', 'HTTPS'])
      assert.deepEqual(ask(front, 'web', type), { kind: 'empty' }, type);
    assert.deepEqual(ask(front, 'sleeper'), { kind: 'empty' });
  });

  test('what looks like one of our names and is none is unknown at once', () => {
    for (const name of ['nothing', 'tasks.nothing', 'store'])
      assert.deepEqual(ask(front, name), { kind: 'unknown' }, name);
  });

  test('other names are for others, unless the client has no way out', () => {
    assert.deepEqual(ask(front, 'example.org'), { kind: 'forward' });
    assert.deepEqual(ask(front, '', 'NS'), { kind: 'forward' });
    assert.deepEqual(ask('10.128.2.10', 'example.org'), { kind: 'refused' });
    assert.deepEqual(ask('10.128.2.10', 'safe'), { kind: 'addresses', addresses: ['10.128.2.10'] });
  });

  test('a client sees its own networks only; one that is no task those of its address', () => {
    assert.deepEqual(ask('10.128.1.10', 'web'), { kind: 'unknown' });
    assert.deepEqual(ask('10.128.1.200', 'store'), { kind: 'addresses', addresses: ['10.128.1.10'] });
    assert.deepEqual(ask('192.0.2.1', 'web'), { kind: 'refused' });
    assert.deepEqual(ask('192.0.2.1', 'example.org'), { kind: 'refused' });
  });

  test('an address is its task, with the network after it; ours are never asked of others', () => {
    assert.deepEqual(ask(front, '11.0.128.10.in-addr.arpa', 'PTR'), { kind: 'name', name: 'web.2.front' });
    assert.deepEqual(ask(front, '10.1.128.10.in-addr.arpa', 'PTR'), { kind: 'unknown' });
    assert.deepEqual(ask(front, '99.0.128.10.in-addr.arpa', 'PTR'), { kind: 'unknown' });
    assert.deepEqual(ask(front, '8.8.8.8.in-addr.arpa', 'PTR'), { kind: 'forward' });
    assert.deepEqual(ask('10.128.2.10', '8.8.8.8.in-addr.arpa', 'PTR'), { kind: 'refused' });
  });

  test("a task on two networks sees both; a task's own resolvers are remembered", () => {
    const onBack = anEndpoint({ id: 'back00000/task1', networkId: 'back00000', address: '10.128.1.5', names: [] });
    const dns = { nameservers: ['192.0.2.53'] };
    const task = aTask({ spec: { containers: [{ name: 'main', image: 'web', dns }] } });
    const wide = nameTable(rowsOf(setOf(aSelf(), aNetwork(), back, anEndpoint(), onBack, store, task)));
    const client = wide.client(front);
    assert.deepEqual(client?.nameservers, ['192.0.2.53']);
    assert.equal(answer({ name: 'store', type: 'A' }, client, wide, 0).kind, 'addresses');
    assert.equal(answer({ name: 'web', type: 'A' }, wide.client('10.128.1.5'), wide, 0).kind, 'addresses');
  });
});

test('a link is a name that one container alone has for another', () => {
  const first = anEndpoint({ id: 'front0000/c1', taskId: 'c1', address: '10.128.0.21', links: ['second:bar'] });
  const second = anEndpoint({
    id: 'front0000/c2',
    taskId: 'c2',
    nodeId: 'node2',
    address: '10.128.0.22',
    names: [],
    taskNames: ['second'],
  });
  const linked = nameTable(rowsOf(setOf(aSelf(), aNetwork(), first, second)));
  const asked = (client: string): Outcome => answer({ name: 'bar', type: 'A' }, linked.client(client), linked, 0);
  assert.deepEqual(asked('10.128.0.21'), { kind: 'addresses', addresses: ['10.128.0.22'] });
  assert.deepEqual(asked('10.128.0.22'), { kind: 'unknown' });
});
