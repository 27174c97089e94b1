import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aNetwork,
  anEndpoint,
  aPeer,
  aPublish,
  aSelf,
  aTask,
  aVip,
  setOf,
} from '../../../../test/support/assignments.ts';
import { desiredKernelState } from '../desired.ts';
import type { TaskObservation } from '../../../model/task.ts';
import { publicationKey, publicationRule } from '../publish.ts';
import { createProxies } from './proxies.ts';
import { first, last } from './table.ts';
import { forwardingRemark, keepForwarding, restoreForwarding } from './forwarding.ts';

const ipv6 = { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' };
const dual = setOf(
  aSelf({ overlayAddress6: 'fd00:ffff::1' }),
  aPeer({ overlayAddress6: 'fd00:ffff::2' }),
  aNetwork({ ipv6 }),
  anEndpoint({ address6: 'fd00:1::10' }),
  anEndpoint({
    id: 'front0000/task2',
    taskId: 'task2',
    nodeId: 'node2',
    address: '10.128.0.11',
    address6: 'fd00:1::11',
  }),
  aVip({ address6: 'fd00:1::2' }),
);

test('the table of IPv6 says what that of IPv4 says, and nothing of IPv4', () => {
  const state = desiredKernelState(dual, new Map());
  const [fourth, , sixth] = state?.tables ?? [];
  assert.equal(sixth?.family, 'ip6');
  const names = [...(fourth?.chains.keys() ?? [])].filter((name) => !name.startsWith('vip_'));
  for (const name of names) {
    assert.ok((sixth?.chains.get(name)?.rules.length ?? 0) >= (fourth?.chains.get(name)?.rules.length ?? 0), name);
  }
  const said = JSON.stringify([...(sixth?.sets ?? [])].map(([, one]) => [one.declaration, [...one.elements]]));
  const rules = [...(sixth?.chains.values() ?? [])].flatMap((chain) => chain.rules).join('\n');
  assert.doesNotMatch(said + rules, /\d+\.\d+\.\d+\.\d+|\bip [sd]addr|ipv4_addr|\bicmp\b/);
  assert.match(said, /fd00:1::\/64/);
  assert.match(rules, /dnat to numgen random mod 2 map \{ 0 : fd00:1::10, 1 : fd00:1::11 \}/);
});

test('what IPv6 has more is in chains that there are', () => {
  const [fourth] = desiredKernelState(dual, new Map())?.tables ?? [];
  for (const name of Object.keys({ ...first, ...last })) assert.ok(fourth?.chains.has(name), name);
});

test('segments are cut to size before anything is let through, and what would mislead is dropped, in both families', () => {
  const [fourth, , sixth] = desiredKernelState(dual, new Map())?.tables ?? [];
  for (const table of [fourth, sixth]) {
    const forward = table?.chains.get('forward')?.rules ?? [];
    const clamp = forward.findIndex((rule) => rule.endsWith('oifname "tutti0" tcp option maxseg size set rt mtu'));
    const accepted = forward.findIndex((rule) => /\baccept$/.test(rule));
    assert.ok(clamp >= 0 && clamp < accepted, table?.family);
  }
  const out = (table: typeof fourth): readonly string[] => table?.chains.get('raw_out')?.rules.slice(1) ?? [];
  assert.deepEqual(out(fourth), ['icmp type redirect oifname "tutti0-*" drop']);
  assert.deepEqual(out(sixth), [
    'icmpv6 type nd-redirect oifname "tutti0-*" drop',
    'icmpv6 type { mld-listener-report, mld2-listener-report } oifname "tutti0-*" drop',
  ]);
});

test('remote tasks are routes, and each bridge answers for every address of its network', () => {
  const sixth = desiredKernelState(dual, new Map())?.sixth;
  assert.equal(sixth?.routing.routes.get('fd00:1::11'), 'fd00:ffff::2');
  assert.equal(sixth?.routing.routes.has('fd00:1::10'), false);
  assert.deepEqual(
    [...(sixth?.proxies ?? [])].map(([, all]) => [...all].toSorted()),
    [['fd00:1::10', 'fd00:1::11', 'fd00:1::2']],
  );
});

test('a published port leads to IPv6 addresses, that of one family only there', () => {
  const publish = (more: object = {}) => aPublish({ networkId: 'front0000', ...more });
  const assignments = new Map([
    ...dual,
    ...setOf(
      aPeer({ overlayAddress6: 'fd00:ffff::2', addresses6: ['fd99::2'] }),
      publish(),
      publish({ id: 'tcp/[fd99::1]:8081', published: 8081, address: 'fd99::1' }),
      publish({ id: 'tcp/[::]:8082', published: 8082, address: '::' }),
      publish({ id: 'tcp/0.0.0.0:8083', published: 8083, address: '0.0.0.0' }),
      publish({ id: 'tcp/192.0.2.1:8084', published: 8084, address: '192.0.2.1' }),
    ),
  ]);
  const tables = desiredKernelState(assignments, new Map())?.tables ?? [];
  const keys = (family: string, set: string): string[] => [
    ...(tables
      .find((table) => table.family === family)
      ?.sets.get(set)
      ?.elements.keys() ?? []),
  ];
  assert.deepEqual(keys('ip6', 'published'), ['tcp . 8080', 'tcp . 8082']);
  assert.deepEqual(keys('ip6', 'published_at'), ['fd99::1 . tcp . 8081']);
  assert.deepEqual(keys('ip', 'published'), ['tcp . 8080', 'tcp . 8083']);
  assert.deepEqual(keys('ip', 'published_at'), ['192.0.2.1 . tcp . 8084']);
  // The client that is the task's own node.
  assert.deepEqual(keys('ip6', 'turns'), ['fd99::2 . fd00:1::11']);
});

test("a port of mode host leads to this node's task while that is ready, by the number that the engine chose", () => {
  const hostPorts = [
    { protocol: 'tcp', target: 80, published: 8080, mode: 'host' },
    { protocol: 'tcp', target: 81, range: { first: 9000, last: 9009 }, mode: 'host', hostAddress: 'fd99::1' },
    { protocol: 'tcp', target: 82, published: 8082, mode: 'host', hostAddress: '192.0.2.1' },
  ];
  const seen = {
    taskId: 'task1',
    state: 'running',
    ready: true,
    hostPorts: [{ protocol: 'tcp', target: 81, published: 9004 }],
  };
  const observed = (ready: boolean) => new Map([['task1', { ...seen, ready } as unknown as TaskObservation]]);
  const publishedBy = (ready: boolean, more: object = {}): string[][] => {
    const assignments = new Map([...dual, ...setOf(aTask({ id: 'task1', hostPorts }), aNetwork({ ipv6, ...more }))]);
    const sixth = desiredKernelState(assignments, observed(ready))?.sixth;
    return (sixth?.publications ?? []).map((one) => [publicationKey(one), publicationRule(one)]);
  };
  assert.deepEqual(publishedBy(true), [
    ['tcp . 8080', 'meta l4proto tcp dnat to [fd00:1::10]:80'],
    ['fd99::1 . tcp . 9004', 'meta l4proto tcp dnat to [fd00:1::10]:81'],
  ]);
  assert.deepEqual(publishedBy(false), []);
  assert.deepEqual(publishedBy(true, { internal: true }), []);
});

test('without an end of the overlay for it there is nothing of IPv6', () => {
  const state = desiredKernelState(setOf(aSelf(), aPeer(), aNetwork({ ipv6 }), anEndpoint()), new Map());
  assert.equal(state?.sixth, undefined);
  assert.deepEqual(
    state?.tables.map(({ family }) => family),
    ['ip', 'bridge'],
  );
});

test('a bridge is told what differs, and everything when it was made anew', async () => {
  const bridge = 'tutti0-front000';
  let index = '5';
  const told: string[] = [];
  const proxies = createProxies(
    (_command, args, options) => {
      if (options?.input !== undefined) told.push(...options.input.trim().split('\n'));
      const stdout = args.includes('show') ? JSON.stringify([{ dst: 'fd00:1::9', dev: bridge, proxy: null }]) : '';
      return Promise.resolve({ code: 0, stdout, stderr: '' });
    },
    { read: (path) => (path === `/sys/class/net/${bridge}/ifindex` ? index : undefined) },
  );
  const wanted = (...addresses: string[]) => new Map([[bridge, new Set(addresses)]]);
  assert.equal(await proxies.apply(wanted('fd00:1::9', 'fd00:1::10')), 1);
  assert.equal(await proxies.apply(wanted('fd00:1::10')), 1);
  assert.equal(await proxies.apply(wanted('fd00:1::10')), 0);
  index = '6';
  assert.equal(proxies.holds('front0000'), false);
  assert.equal(await proxies.apply(wanted('fd00:1::10')), 1);
  assert.deepEqual(told, [
    `neigh replace proxy fd00:1::10 dev ${bridge} protocol 116`,
    `neigh del proxy fd00:1::9 dev ${bridge}`,
    `neigh replace proxy fd00:1::10 dev ${bridge} protocol 116`,
  ]);
});

test('forwarding is as it was when all is removed, and routers are listened to all the time', () => {
  const conf = '/proc/sys/net/ipv6/conf';
  const remark = '/sys/class/net/tutti0/ifalias';
  const files = new Map([
    [`${conf}/all/forwarding`, '0'],
    [`${conf}/eth0/accept_ra`, '1'],
    [`${conf}/eth1/accept_ra`, '0'],
    [remark, ''],
  ]);
  const before = new Map(files);
  const settings = {
    read: (path: string) => files.get(path),
    write: (path: string, value: string) => files.has(path) && files.set(path, value) === files,
    list: () => ['all', 'eth0', 'eth1', 'tutti0'],
  };
  keepForwarding(settings, forwardingRemark(settings));
  assert.equal(files.get(`${conf}/all/forwarding`), '1');
  assert.equal(files.get(`${conf}/eth0/accept_ra`), '2');
  const noted = forwardingRemark(settings);
  // The device is made anew.
  files.set(remark, '');
  keepForwarding(settings, noted);
  assert.equal(forwardingRemark(settings), noted);
  restoreForwarding(settings);
  files.set(remark, '');
  assert.deepEqual(files, before);
});
