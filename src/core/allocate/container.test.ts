import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import { AddressBook } from './addresses.ts';
import { allocateContainer } from './container.ts';
import type { AttachmentWish } from './container.ts';

const networkId = 'net1' as NetworkId;
const network: Network = {
  id: networkId,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  spec: { name: 'net', driver: 'overlay' },
  subnet: '10.0.0.0/29',
  gateway: '10.0.0.1',
};
const aBook = (): AddressBook => {
  const book = new AddressBook();
  book.setNetwork(network);
  return book;
};
const given = (book: AddressBook, id: string, wish: Partial<AttachmentWish> = {}, asked = false) =>
  allocateContainer(id, [], [{ networkId, ...wish }], book, {
    network: (one) => (one === networkId ? network : undefined),
    asked: () => asked,
  });

test('a container keeps its address until it is gone, and others get others', () => {
  const book = aBook();
  const first = given(book, 'a');
  const second = given(book, 'b', { aliases: ['db'] });
  assert.deepEqual(first, { kind: 'allocated', value: [{ networkId, address: '10.0.0.2' }] });
  assert.deepEqual(second, { kind: 'allocated', value: [{ networkId, address: '10.0.0.3', aliases: ['db'] }] });
  assert.equal(book.release('a'), true);
  assert.equal(book.ownerOf(networkId, '10.0.0.2'), undefined);
});

test('an address that was asked for is refused while another has it, unless that one asked for it as well', () => {
  const book = aBook();
  const fixed = given(book, 'old', { address: '10.0.0.5' });
  assert.deepEqual(fixed, { kind: 'allocated', value: [{ networkId, address: '10.0.0.5', fixed: true }] });
  assert.deepEqual(given(book, 'new', { address: '10.0.0.5' }), {
    kind: 'refused',
    reason: 'Address already in use: 10.0.0.5',
  });
  assert.equal(given(book, 'new', { address: '10.0.0.5' }, true).kind, 'allocated');
  // The one that is recreated gives its own back: the address is still the other's.
  assert.equal(book.release('old'), false);
  assert.equal(book.ownerOf(networkId, '10.0.0.5'), 'new');
});

test('an address outside of the network, the gateway, and a full network are refused', () => {
  const book = aBook();
  assert.equal(given(book, 'a', { address: '10.0.1.5' }).kind, 'refused');
  assert.equal(given(book, 'a', { address: '10.0.0.1' }).kind, 'refused');
  for (const id of ['a', 'b', 'c', 'd', 'e']) assert.equal(given(book, id).kind, 'allocated');
  assert.equal(given(book, 'f').kind, 'refused');
  assert.equal(book.holds('f'), false);
});
