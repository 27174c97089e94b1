import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNetwork, anEndpoint, aPeer, aSelf, aVip, setOf } from '../../../test/support/assignments.ts';
import { desiredKernelState } from './desired.ts';
import { createProxies } from './proxies.ts';
import { forwardingRemark, keepForwarding, restoreForwarding } from './forwarding6.ts';

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

test('remote tasks are routes, and each bridge answers for every address of its network', () => {
  const sixth = desiredKernelState(dual, new Map())?.sixth;
  assert.equal(sixth?.routing.routes.get('fd00:1::11'), 'fd00:ffff::2');
  assert.equal(sixth?.routing.routes.has('fd00:1::10'), false);
  assert.deepEqual(
    [...(sixth?.proxies ?? [])].map(([, all]) => [...all].toSorted()),
    [['fd00:1::10', 'fd00:1::11', 'fd00:1::2']],
  );
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
