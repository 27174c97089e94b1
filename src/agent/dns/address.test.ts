import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes } from '../address.ts';
import { isWithin, reversedAddress, reverseName, subnetOf } from './address.ts';

test('a name asks for an address back', () => {
  for (const text of ['10.128.0.5', 'fd00:1::a:b']) {
    const bytes = addressBytes(text);
    assert.ok(bytes);
    assert.deepEqual([...(reversedAddress(reverseName(bytes)) ?? [])], [...bytes]);
  }
  assert.equal(reverseName(addressBytes('10.128.0.5') ?? new Uint8Array()), '5.0.128.10.in-addr.arpa');
  for (const name of ['0.128.10.in-addr.arpa', '300.0.0.1.in-addr.arpa', '1.0.ip6.arpa', 'web', ''])
    assert.equal(reversedAddress(name), undefined, name);
});

test('subnets have addresses of their own family', () => {
  const within = (address: string, subnet: string): boolean => {
    const bytes = addressBytes(address);
    const found = subnetOf(subnet);
    return bytes !== undefined && found !== undefined && isWithin(bytes, found);
  };
  assert.ok(within('10.128.31.255', '10.128.16.0/20'));
  assert.ok(!within('10.128.32.0', '10.128.16.0/20'));
  assert.ok(within('10.0.0.1', '0.0.0.0/0'));
  assert.ok(within('fd00:1::5', 'fd00:1::/64'));
  assert.ok(!within('fd00:1:0:1::5', 'fd00:1::/64'));
  assert.ok(!within('10.0.0.1', '::/0'));
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', 'x/8']) assert.equal(subnetOf(text), undefined, text);
});
