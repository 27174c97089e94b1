import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNetwork, aPeer, aSelf, aVip, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import type { AssignedEndpoint } from '../../model/assignment.ts';
import { affinityTable, choice, noBalanceMemory, serviceEndpoints, virtualServices, vipRules } from './balance.ts';
import { desiredKernelState } from './desired.ts';

const endpoint = (last: number, changes: Partial<Record<keyof AssignedEndpoint, unknown>> = {}): AssignedEndpoint =>
  anEndpoint({ id: `front0000/task${last}`, taskId: `task${last}`, address: `10.128.0.${last}`, ...changes });

const addresses = (count: number): string[] => Array.from({ length: count }, (_, index) => `10.128.0.${index + 10}`);

test('a virtual address stands for the ready tasks on nodes that are known; the others keep what they have', () => {
  const endpoints = [
    endpoint(12),
    endpoint(11, { nodeId: 'node2' }),
    endpoint(13, { ready: false }),
    endpoint(14, { nodeId: 'gone' }),
    endpoint(15, { serviceId: 'other' }),
    endpoint(16, { networkId: 'back0000' }),
  ];
  const find = serviceEndpoints(endpoints, new Set(['node1', 'node2']));
  const [service] = virtualServices([aVip()], find, 'node1');
  assert.deepEqual(service?.addresses, ['10.128.0.11', '10.128.0.12']);
  assert.deepEqual([...(service?.members ?? [])].toSorted(), ['10.128.0.11', '10.128.0.12', '10.128.0.13']);
  assert.deepEqual(service?.own, ['10.128.0.12']);
});

test('the kernel is told where an address leads to, and that one without a task is refused', () => {
  const of = (ready: boolean) =>
    desiredKernelState(setOf(aSelf(), aPeer(), aNetwork(), aVip(), endpoint(11, { ready })), new Map());
  const [table] = of(true)?.tables ?? [];
  const key = '"tutti0-front000" . 10.128.0.2';
  assert.deepEqual([...(table?.sets.get('vips')?.elements ?? [])], [[key, 'goto vip_10.128.0.2']]);
  assert.deepEqual(table?.chains.get('vip_10.128.0.2')?.rules, ['dnat to 10.128.0.11']);
  assert.deepEqual([...(table?.sets.get('loops')?.elements.keys() ?? [])], ['10.128.0.11 . 10.128.0.11']);
  const [idle] = of(false)?.tables ?? [];
  assert.equal(idle?.sets.get('vips')?.elements.size, 0);
  assert.ok(idle?.sets.get('virtual')?.elements.has(key));
  assert.equal(idle?.chains.has('vip_10.128.0.2'), false);
});

test('what has not changed is the same object as before, down to its rules; what has is another', () => {
  const memory = noBalanceMemory();
  const vips = [aVip(), aVip({ id: 'front0000/other', serviceId: 'other', address: '10.128.0.3' })];
  const others = [endpoint(20, { serviceId: 'other' }), endpoint(21, { serviceId: 'other', nodeId: 'node2' })];
  const mine = endpoint(11);
  const services = (...endpoints: AssignedEndpoint[]) =>
    virtualServices(vips, serviceEndpoints(endpoints, new Set(['node1', 'node2']), memory), 'node1', memory);
  const [first, second] = services(mine, ...others);
  const [changed, same] = services({ ...mine, ready: false }, ...others);
  assert.ok(second !== undefined && same === second && vipRules(same) === vipRules(second));
  assert.deepEqual([first?.addresses, changed?.addresses], [['10.128.0.11'], []]);
  const [back, fewer] = services(mine, ...others.slice(1));
  assert.deepEqual([back?.addresses, fewer?.addresses], [['10.128.0.11'], ['10.128.0.21']]);
});

test('each connection is given any of the tasks', () => {
  const two = { addresses: ['a', 'b'], members: new Set<string>(), affinity: undefined };
  assert.equal(choice(two), 'numgen random mod 2 map { 0 : a, 1 : b }');
  assert.equal(choice({ ...two, addresses: ['a'] }), 'a');
});

test('sticky clients are shared out about evenly, and only those of a task that goes are moved', () => {
  for (const count of [2, 3, 10]) {
    const before = affinityTable(addresses(count));
    const shares = [...Map.groupBy(before, (address) => address).values()].map(({ length }) => length);
    assert.equal(shares.length, count);
    for (const share of shares) assert.ok(Math.abs(share / before.length - 1 / count) < 0.06, `${share} of ${count}`);
    const [gone, ...left] = addresses(count);
    const after = affinityTable(left);
    for (const [slot, address] of before.entries()) if (address !== gone) assert.equal(after[slot], address);
  }
});
