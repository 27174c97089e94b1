import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNetwork, aPeer, aPublish, aSelf, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import type { AssignedEndpoint, Assignment } from '../../model/assignment.ts';
import { desiredKernelState } from './desired.ts';
import type { KernelState } from './desired.ts';
import type { NftTable } from './kernel-state.ts';

const remote = anEndpoint({ id: 'front0000/task2', taskId: 'task2', nodeId: 'node2', address: '10.128.0.20' });
const desired = (...items: readonly Assignment[]): KernelState => {
  const state = desiredKernelState(setOf(...items), new Map());
  assert.ok(state);
  return state;
};
const ip = (state: KernelState): NftTable => {
  const table = state.tables.find(({ family }) => family === 'ip');
  assert.ok(table);
  return table;
};
const entries = (table: NftTable, map: string): [string, string][] => [...(table.sets.get(map)?.elements ?? [])];
const keys = (table: NftTable, set: string): string[] => [...(table.sets.get(set)?.elements.keys() ?? [])];

test('without knowing itself a node wants nothing, rather than nothing left', () => {
  assert.equal(desiredKernelState(setOf(aPeer(), aNetwork()), new Map()), undefined);
});

test('a remote task is a route by way of its node, a task of this node is none', () => {
  const { routing } = desired(aSelf(), aPeer(), aNetwork(), anEndpoint(), remote);
  assert.deepEqual(
    [...routing.routes],
    [
      ['100.127.0.2', ''],
      ['10.128.0.20', '100.127.0.2'],
    ],
  );
  assert.deepEqual([...routing.forwarding], [['02:00:00:00:00:02', '192.0.2.2']]);
  assert.deepEqual([...routing.returns], [[2, '100.127.0.2']]);
});

test('a task of a node that is not a peer (yet) has no route', () => {
  const { routing } = desired(aSelf(), aNetwork(), remote);
  assert.equal(routing.routes.size, 0);
});

test('while an address moves, the ready task has it', () => {
  const leaving = anEndpoint({ address: '10.128.0.20', ready: false });
  assert.equal(desired(aSelf(), aPeer(), leaving, remote).routing.routes.get('10.128.0.20'), '100.127.0.2');
  const back = anEndpoint({ address: '10.128.0.20', ready: true });
  const gone = { ...remote, ready: false };
  assert.equal(desired(aSelf(), aPeer(), gone, back).routing.routes.has('10.128.0.20'), false);
});

test('a published port leads to every ready task, and refuses without one', () => {
  const served = ip(desired(aSelf(), aPeer(), aNetwork(), anEndpoint(), remote, aPublish()));
  assert.deepEqual(served.chains.get('publish_tcp_8080')?.rules, [
    'meta l4proto tcp dnat to numgen random mod 2 map { 0 : 10.128.0.10, 1 : 10.128.0.20 }:80',
  ]);
  assert.deepEqual(keys(served, 'turns'), ['192.0.2.2 . 10.128.0.20']);
  assert.deepEqual(keys(served, 'unserved'), []);
  const unserved = ip(desired(aSelf(), aNetwork(), anEndpoint({ ready: false }), aPublish()));
  assert.equal(unserved.chains.has('publish_tcp_8080'), false);
  assert.deepEqual(entries(unserved, 'unserved'), [['tcp . 8080', 'goto refuse']]);
});

test('a port published at an address answers there alone', () => {
  const bound = aPublish({ id: 'tcp/192.0.2.1:8080', address: '192.0.2.1' });
  const served = ip(desired(aSelf(), aPeer(), aNetwork(), anEndpoint(), bound));
  assert.deepEqual(entries(served, 'published_at'), [['192.0.2.1 . tcp . 8080', 'goto publish_tcp_8080_192.0.2.1']]);
  assert.deepEqual(keys(served, 'published'), []);
  assert.ok(served.chains.has('publish_tcp_8080_192.0.2.1'));
  const unserved = ip(desired(aSelf(), aNetwork(), aPublish({ ...bound, unserved: 'drop' })));
  assert.deepEqual(entries(unserved, 'unserved_at'), [['192.0.2.1 . tcp . 8080', 'drop']]);
});

test('"local" is the tasks of the node alone, "near" they where there are any', () => {
  const of = (tasks: string, ...endpoints: AssignedEndpoint[]) =>
    ip(desired(aSelf(), aPeer(), aNetwork(), ...endpoints, aPublish({ tasks })));
  const rule = (table: NftTable) => table.chains.get('publish_tcp_8080')?.rules[0];
  const own = 'meta l4proto tcp dnat to 10.128.0.10:80';
  for (const tasks of ['local', 'near']) {
    const table = of(tasks, anEndpoint(), remote);
    assert.equal(rule(table), own);
    assert.deepEqual(keys(table, 'turns'), []);
  }
  assert.deepEqual(entries(of('local', remote), 'unserved'), [['tcp . 8080', 'goto refuse']]);
  assert.equal(rule(of('near', anEndpoint({ ready: false }), remote)), 'meta l4proto tcp dnat to 10.128.0.20:80');
});

test('a published port leads to its own service on its own network alone', () => {
  const elsewhere = anEndpoint({ id: 'other0000/task1', networkId: 'other0000', address: '10.128.9.9' });
  const another = anEndpoint({ id: 'front0000/task3', serviceId: 'service9', address: '10.128.0.30' });
  const table = ip(desired(aSelf(), aNetwork(), anEndpoint(), elsewhere, another, aPublish()));
  assert.deepEqual(table.chains.get('publish_tcp_8080')?.rules, ['meta l4proto tcp dnat to 10.128.0.10:80']);
});

test("networks are in the sets that keep them apart; the engine's own are in none", () => {
  const internal = aNetwork({ id: 'vault0000', name: 'vault', subnet: '10.128.3.0/24', internal: true });
  const host = aNetwork({ id: 'host00000', name: 'host', subnet: '', gateway: '' });
  const table = ip(desired(aSelf(), aNetwork(), internal, host));
  assert.deepEqual(keys(table, 'subnets'), ['10.128.0.0/24', '10.128.3.0/24']);
  assert.deepEqual(keys(table, 'closed'), ['"tutti0-vault000"']);
  const forward = table.chains.get('forward')?.rules ?? [];
  assert.ok(forward.indexOf('iifname @closed goto prohibit') > forward.indexOf('iifname . ip daddr @reach accept'));
  assert.ok(forward.indexOf('iifname @closed goto prohibit') < forward.indexOf('ct status dnat accept'));
  assert.deepEqual(keys(table, 'reach'), ['"tutti0-front000" . 10.128.0.0/24', '"tutti0-vault000" . 10.128.3.0/24']);
});
