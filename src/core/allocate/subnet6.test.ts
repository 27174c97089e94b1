import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterNetwork6, overlayAddress6, overlayNetwork6 } from '../../model/cluster-ipv6.ts';
import { parseNetwork6 } from '../../model/ipv6.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import { AddressBook } from './addresses.ts';
import { allocateContainer } from './container.ts';
import { allocateSubnet6 } from './subnet6.ts';
import type { SubnetWish } from './subnet.ts';

const pool = 'fd12:3456:789a::/48';
const give = (wish: SubnetWish, taken: readonly string[] = []) =>
  allocateSubnet6(wish, {
    pool,
    ipv4Subnet: '10.128.16.0/20',
    taken: taken.map((one) => ({ ...parseNetwork6(one), owner: `network of ${one}` })),
  });

test('subnets are cut out of the pool, the first that is free', () => {
  const value = { subnet: 'fd12:3456:789a::/64', gateway: 'fd12:3456:789a::1' };
  assert.deepEqual(give({}), { kind: 'allocated', value });
  const second = { subnet: 'fd12:3456:789a:1::/64', gateway: 'fd12:3456:789a:1::1' };
  const taken = ['fd00::/64', 'fd12:3456:789a:2::/63', 'fd12:3456:789a::/64'];
  assert.deepEqual(give({}, taken), { kind: 'allocated', value: second });
  assert.deepEqual(give({}, [pool]).kind, 'refused');
});

test('a subnet that was asked for is checked', () => {
  assert.deepEqual(give({ subnet: 'FD00:5::/112', gateway: 'fd00:5::ffff', ipRange: 'fd00:5::8000/113' }), {
    kind: 'allocated',
    value: { subnet: 'fd00:5::/112', gateway: 'fd00:5::ffff', ipRange: 'fd00:5::8000/113' },
  });
  const reasons = [
    give({ subnet: 'fd00:5::/120' }),
    give({ subnet: 'fd00:5::/64' }, ['fd00:5::/80']),
    give({ subnet: 'fd00:5::/64', gateway: 'fd00:6::1' }),
    give({ subnet: 'fd00:5::/64', ipRange: 'fd00:6::/80' }),
    give({ subnet: 'fe80::/64' }),
    give({ gateway: 'fd00::1' }),
  ].map((one) => (one.kind === 'refused' ? one.reason : ''));
  const wanted = [
    /fewer addresses/,
    /overlaps network/,
    /not an address/,
    /not inside/,
    /not one that/,
    /needs a subnet/,
  ];
  for (const [index, pattern] of wanted.entries()) assert.match(reasons[index] ?? '', pattern);
});

test("nodes' ends of the overlay are in the cluster's own network, the number of the IPv4 ones", () => {
  assert.match(clusterNetwork6('one'), /^fd[0-9a-f:]+\/48$/);
  assert.notEqual(clusterNetwork6('one'), clusterNetwork6('two'));
  assert.ok(overlayAddress6('one', '100.127.0.5').endsWith(':ffff::647f:5'));
  assert.equal(overlayNetwork6('one').length, 64);
});

const id = 'net' as NetworkId;
const network: Network = {
  id,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  spec: { name: 'net', driver: 'overlay', ipv6: true },
  subnet: '10.1.0.0/24',
  gateway: '10.1.0.1',
  ipv6: { subnet: 'fd00:1::/120', gateway: 'fd00:1::1' },
};
const bookOf = (one: Network): AddressBook => {
  const book = new AddressBook();
  book.setNetwork(one);
  return book;
};
const attach = (book: AddressBook, one: Network, owner: string, wish: { address?: string; ipv6Address?: string }) =>
  allocateContainer(owner, [], [{ networkId: id, ...wish }], book, { network: () => one, asked: () => false });

test('an IPv6 address that was asked for brings the IPv4 address that belongs to it', () => {
  const book = bookOf(network);
  const given = attach(book, network, 'a', { ipv6Address: 'FD00:1::20' });
  assert.deepEqual(given.kind === 'allocated' && given.value, [
    { networkId: id, address: '10.1.0.32', address6: 'fd00:1::20', ipv6Address: 'FD00:1::20' },
  ]);
  for (const wish of [
    { ipv6Address: 'fd00:1::20' },
    { address: '10.1.0.32' },
    { address: '10.1.0.9', ipv6Address: 'fd00:1::8' },
    { ipv6Address: 'fd00:1::1' },
    { ipv6Address: 'fd00:2::8' },
  ]) {
    assert.equal(attach(book, network, 'b', wish).kind, 'refused', JSON.stringify(wish));
  }
  book.release('a');
  assert.equal(attach(book, network, 'b', { ipv6Address: 'fd00:1::20' }).kind, 'allocated');
});

test('in a wide subnet people choose theirs beside those that are given out', () => {
  const wide = { ...network, ipv6: { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' } };
  const book = bookOf(wide);
  const given = attach(book, wide, 'a', { address: '10.1.0.10', ipv6Address: 'fd00:1::10' });
  assert.equal(given.kind, 'allocated');
  assert.equal(attach(book, wide, 'b', { ipv6Address: 'fd00:1::10' }).kind, 'refused');
  assert.equal(attach(book, wide, 'b', { address: '10.1.0.11', ipv6Address: 'fd00:1::11' }).kind, 'allocated');
});

test('what the gateway and others have is not given out by its number', () => {
  const odd = { ...network, ipv6: { subnet: 'fd00:1::/120', gateway: 'fd00:1::2' } };
  const given = attach(bookOf(odd), odd, 'a', {});
  assert.equal(given.kind === 'allocated' && given.value[0]?.address, '10.1.0.3');
});
