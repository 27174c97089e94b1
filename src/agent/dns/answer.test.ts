import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNetwork, aSelf, aTask, aVip, anEndpoint, setOf } from '../../../test/support/assignments.ts';
import { tableOf } from '../../../test/support/rows.ts';
import { answer } from './answer.ts';
import type { Outcome } from './answer.ts';
import type { NameTable } from './table/table.ts';
import type { RowChange } from './row.ts';

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
const table = tableOf(setOf(aSelf(), aNetwork(), back, vault, anEndpoint(), web2, sleeper, store, safe, aTask()));
const found = (addresses: readonly string[], virtual = false): Outcome => ({ kind: 'addresses', addresses, virtual });

const ask = (client: string, name: string, type = 'A', of = table): Outcome =>
  answer({ name, type }, of.client(client), of);
const front = '10.128.0.10';
const both = ['10.128.0.10', '10.128.0.11'];

suite('answers', () => {
  test('a service is the addresses of its ready tasks, in order', () => {
    assert.deepEqual(ask(front, 'web'), found(both));
    assert.deepEqual(ask(front, 'tasks.web'), found(both));
    assert.deepEqual(ask(front, 'web.front'), found(both));
    assert.deepEqual(ask(front, 'web.2'), found(['10.128.0.11']));
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
    assert.deepEqual(ask('10.128.2.10', 'safe'), found(['10.128.2.10']));
  });

  test('a client sees its own networks only; one that is no task those of its address', () => {
    assert.deepEqual(ask('10.128.1.10', 'web'), { kind: 'unknown' });
    assert.deepEqual(ask('10.128.1.200', 'store'), found(['10.128.1.10']));
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
    const wide = tableOf(setOf(aSelf(), aNetwork(), back, anEndpoint(), onBack, store, task));
    const client = wide.client(front);
    assert.deepEqual(client?.nameservers, ['192.0.2.53']);
    assert.equal(answer({ name: 'store', type: 'A' }, client, wide).kind, 'addresses');
    assert.equal(answer({ name: 'web', type: 'A' }, wide.client('10.128.1.5'), wide).kind, 'addresses');
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
  const linked = tableOf(setOf(aSelf(), aNetwork(), first, second));
  const asked = (client: string): Outcome => answer({ name: 'bar', type: 'A' }, linked.client(client), linked);
  assert.deepEqual(asked('10.128.0.21'), found(['10.128.0.22']));
  assert.deepEqual(asked('10.128.0.22'), { kind: 'unknown' });
});

test('a link leads there on the network that it was made on, and on no other', () => {
  const on = (networkId: string, taskId: string, address: string, links: readonly string[] = []) =>
    anEndpoint({
      id: `${networkId}/${taskId}`,
      networkId,
      taskId,
      address,
      names: [],
      taskNames: [taskId],
      links: [...links],
    });
  const second = [
    on('front0000', 'second', '10.128.0.21', ['first:there', 'first:both']),
    on('back00000', 'second', '10.128.1.21', ['first:here', 'first:both']),
  ];
  const first = [on('front0000', 'first', '10.128.0.22'), on('back00000', 'first', '10.128.1.22')];
  const asked = (name: string, table: NameTable): Outcome =>
    answer({ name, type: 'A' }, table.client('10.128.0.21'), table);
  const both = tableOf(setOf(aSelf(), aNetwork(), back, ...second, ...first));
  assert.deepEqual(asked('there', both), found(['10.128.0.22']));
  assert.deepEqual(asked('here', both), found(['10.128.1.22']));
  assert.deepEqual(asked('both', both), found(['10.128.0.22', '10.128.1.22']));
  const left = tableOf(setOf(aSelf(), aNetwork(), back, ...second, ...first.slice(1)));
  assert.deepEqual(asked('there', left), { kind: 'unknown' });
  assert.deepEqual(asked('both', left), found(['10.128.1.22']));
});

suite('services', () => {
  const ports = [
    { protocol: 'tcp', port: 80, name: 'Http' },
    { protocol: 'udp', port: 53 },
  ];
  const vip = aVip({ id: 'front0000/s', serviceId: 's', address: '10.128.0.2', names: ['web'], ports });
  const one = anEndpoint({ names: ['tasks.web'] });
  const two = anEndpoint({ ...web2, names: ['tasks.web'] });
  const rr = anEndpoint({
    ...sleeper,
    ready: true,
    names: ['rr', 'tasks.rr'],
    taskNames: ['rr.1', 'rr.1.task3'],
    ports,
  });
  const named = tableOf(setOf(aSelf(), aNetwork(), vip, one, two, rr));
  const at = (name: string, type = 'SRV'): Outcome => ask(front, name, type, named);
  const own = [{ name: 'web.front', port: 80, addresses: ['10.128.0.2'] }];

  test('are found with their ports, by number and by name, with or without the network', () => {
    for (const name of ['_80._tcp.web', '_http._tcp.web', '_http._tcp.web.front'])
      assert.deepEqual(at(name), { kind: 'services', services: own }, name);
    assert.deepEqual(at('_53._udp.web'), { kind: 'services', services: [{ ...own[0], port: 53 }] });
  });

  test('are their tasks where they have no address of their own, or where those are asked for', () => {
    assert.deepEqual(at('_http._tcp.rr'), {
      kind: 'services',
      services: [{ name: 'rr.1.task3.front', port: 80, addresses: ['10.128.0.12'] }],
    });
    assert.deepEqual(at('_80._tcp.tasks.web'), {
      kind: 'services',
      services: [
        { name: 'web.1.task1.front', port: 80, addresses: ['10.128.0.10'] },
        { name: 'web.2.front', port: 80, addresses: ['10.128.0.11'] },
      ],
    });
  });

  test('have no other ports, and no addresses by such a name', () => {
    for (const name of ['_81._tcp.web', '_80._udp.web', '_http._udp.web'])
      assert.deepEqual(at(name), { kind: 'unknown' }, name);
    assert.deepEqual(at('_80._tcp.web', 'A'), { kind: 'empty' });
    assert.deepEqual(at('_80._tcp.example.org'), { kind: 'forward' });
    assert.deepEqual(at('_tcp.web'), { kind: 'empty' });
    assert.deepEqual(at('_tcp.example.org'), { kind: 'forward' });
  });
});

suite('a table', () => {
  const six = (change: Partial<RowChange>): RowChange => ({ whole: false, put: [], remove: [], ...change });
  const row = { kind: 'endpoint', id: 'front0000/task1', networkId: 'front0000', taskId: 'task1' } as const;
  const web = { ...row, address: '10.128.0.10', names: ['web'], taskNames: ['web.1'], ready: true };
  const network = {
    kind: 'network',
    id: 'front0000',
    name: 'front',
    subnet: '10.128.0.0/24',
    gateway: '10.128.0.1',
    internal: false,
  } as const;

  test('takes addresses of both families', () => {
    const both = tableOf(setOf());
    both.apply(
      six({
        put: [
          { ...network, subnet6: 'fd00:1::/64' },
          { ...web, address6: 'fd00:1::10' },
        ],
      }),
    );
    assert.deepEqual(ask(front, 'web', 'AAAA', both), found(['fd00:1::10']));
    assert.deepEqual(ask(front, 'web', 'A', both), found(['10.128.0.10']));
    const nibbles = (last: string): string => `${last}.${'0.'.repeat(22)}1.0.0.0.0.0.d.f.ip6.arpa`;
    const reverse = `0.1.${'0.'.repeat(22)}1.0.0.0.0.0.d.f.ip6.arpa`;
    assert.deepEqual(ask(front, reverse, 'PTR', both), { kind: 'name', name: 'web.1.front' });
    assert.deepEqual(ask(front, nibbles('7.0'), 'PTR', both), { kind: 'unknown' });
    assert.deepEqual(ask(front, nibbles('7.0').replace('d.f.ip6', 'e.f.ip6'), 'PTR', both), { kind: 'forward' });
  });

  test('changes by differences as if it were made anew', () => {
    const table = tableOf(setOf());
    const second = { ...web, id: 'front0000/task2', taskId: 'task2', address: '10.128.0.11', taskNames: ['web.2'] };
    // Endpoints may come before their network.
    table.apply(six({ put: [web] }));
    assert.equal(table.client(front), undefined);
    table.apply(six({ put: [network, second] }));
    assert.deepEqual(ask(front, 'web', 'A', table), found(both));
    table.apply(six({ put: [{ ...web, ready: false }] }));
    assert.deepEqual(ask(front, 'web', 'A', table), found(['10.128.0.11']));
    table.apply(
      six({ put: [{ ...web, address: '10.128.0.9' }], remove: ['endpoint:front0000/task2', 'endpoint:none'] }),
    );
    assert.deepEqual(ask(front, 'web', 'A', table), found(['10.128.0.9']));
    assert.deepEqual(ask(front, '11.0.128.10.in-addr.arpa', 'PTR', table), { kind: 'unknown' });
    table.apply({ whole: true, put: [network], remove: [] });
    assert.deepEqual([ask(front, 'web', 'A', table), table.size()], [{ kind: 'unknown' }, 1]);
    table.apply(six({ remove: ['network:front0000'] }));
    assert.deepEqual([table.client(front), table.size(), [...table.gateways()]], [undefined, 0, []]);
  });

  test('answers at the gateways of the networks that a client is on, and at no others', () => {
    assert.ok(table.client(front, '10.128.0.1'));
    assert.equal(table.client(front, '10.128.1.1'), undefined);
    assert.equal(table.client('10.128.0.77', '10.128.2.1'), undefined);
  });

  test('of an address that two have, the one that is ready counts', () => {
    const table = tableOf(setOf());
    const other = { ...web, id: 'front0000/old', taskId: 'old', ready: false, taskNames: ['old'], links: ['web:gone'] };
    table.apply(six({ put: [network, other, { ...web, links: ['web.1:mine'] }] }));
    const made = [...(table.client(front)?.links ?? [])].map(([alias, links]) => [
      alias,
      links.map(({ name }) => name),
    ]);
    assert.deepEqual(made, [['mine', ['web.1']]]);
  });
});
