import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  canonical6,
  formatAddress6,
  formatNetwork6,
  numberOf,
  parseAddress6,
  parseNetwork6,
  sixthAddress,
} from './ipv6.ts';

test('addresses are written as the kernel writes them', () => {
  const written = {
    '::': '::',
    '::1': '::1',
    'FD00::': 'fd00::',
    '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:0db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    'fd00:0:0:1::5': 'fd00:0:0:1::5',
    '1:2:3:4:5:6:7::': '1:2:3:4:5:6:7:0',
    '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
  };
  for (const [text, wanted] of Object.entries(written)) assert.equal(canonical6(text), wanted);
});

test('every number is an address, and comes back', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 128n) - 1n), fc.integer({ min: 0, max: 127 }), (value, shift) => {
      const number = value >> BigInt(shift);
      const text = formatAddress6(number);
      assert.ok(isIPv6(text), text);
      assert.equal(parseAddress6(text), number);
    }),
  );
});

test('a network has its host bits cleared', () => {
  assert.equal(formatNetwork6(parseNetwork6('fd00:1::77/64')), 'fd00:1::/64');
  assert.equal(formatNetwork6(parseNetwork6('fd00::ffff/113')), 'fd00::8000/113');
});

test('an address is the same number in both subnets, clear of those that people choose', () => {
  const wide = { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' };
  assert.equal(sixthAddress('10.128.16.0/20', wide, '10.128.17.5'), 'fd00:1::100:105');
  assert.equal(numberOf('10.128.16.0/20', wide, 'fd00:1::100:105'), parseNetworkFirst('10.128.17.5'));
  assert.equal(numberOf('10.128.16.0/20', wide, 'fd00:1::10'), undefined);
  assert.equal(numberOf('10.128.16.0/20', wide, 'fd00:1::200:0'), undefined);
  const narrow = { subnet: 'fd00:1::/112', gateway: 'fd00:1::1', ipRange: 'fd00:1::8000/113' };
  assert.equal(sixthAddress('10.0.0.0/24', narrow, '10.0.0.9'), 'fd00:1::8009');
});

const parseNetworkFirst = (address: string): number =>
  address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
