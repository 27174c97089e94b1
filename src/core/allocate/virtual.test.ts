import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkId, ServiceId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { Service, VirtualIp } from '../../model/service.ts';
import { AddressBook } from './addresses.ts';
import { allocateVirtualIps } from './virtual.ts';

const network = (id: string, subnet: string): Network => ({
  id: id as NetworkId,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  spec: { name: id, driver: 'overlay' },
  subnet,
});
const networks = new Map(
  [network('a', '10.0.1.0/29'), network('b', '10.0.2.0/30')].map((one) => [one.id as string, one]),
);
const aBook = (): AddressBook => {
  const book = new AddressBook();
  for (const one of networks.values()) book.setNetwork(one);
  return book;
};
const give = (
  book: AddressBook,
  id: string,
  on: readonly string[],
  had: readonly VirtualIp[] = [],
  mode: 'vip' | 'dnsrr' = 'vip',
): readonly VirtualIp[] =>
  allocateVirtualIps(
    {
      id: id as ServiceId,
      virtualIps: had,
      spec: {
        name: id,
        mode: { kind: 'replicated', replicas: 1 },
        endpoint: { mode },
        task: {
          containers: [],
          networks: on.map((networkId) => ({ networkId })),
        } as unknown as Service['spec']['task'],
      },
    },
    book,
    (networkId) => networks.get(networkId),
  );

test('a service has one address for each overlay network, and keeps them', () => {
  const book = aBook();
  const first = give(book, 'web', ['a', 'b', 'host']);
  assert.deepEqual(first, [
    { networkId: 'a', address: '10.0.1.2' },
    { networkId: 'b', address: '10.0.2.2' },
  ]);
  assert.deepEqual(give(book, 'web', ['a', 'b'], first), first);
  // What it leaves stays its own until that is committed.
  assert.deepEqual(give(book, 'web', ['a'], first), first.slice(0, 1));
  assert.equal(book.ownerOf('b', '10.0.2.2'), 'web');
  book.replace('web', first.slice(0, 1));
  assert.deepEqual(give(book, 'db', ['b']), [{ networkId: 'b', address: '10.0.2.2' }]);
});

test('without room a service has none there; with dnsrr it wants none', () => {
  const book = aBook();
  assert.equal(give(book, 'one', ['b']).length, 1);
  assert.deepEqual(give(book, 'two', ['b', 'a']), [{ networkId: 'a', address: '10.0.1.2' }]);
  assert.deepEqual(give(book, 'three', ['a'], [], 'dnsrr'), []);
});
