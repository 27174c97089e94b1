import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeSubnets, hardwareAddress, nodeAddress } from './subnet.ts';

test('a subnet that any route touches is not free', () => {
  const routes = [
    'default via 192.0.2.1 dev eth0',
    '10.99.0.0/24 dev tutti-0 proto kernel scope link src 10.99.0.253',
    'local 10.99.2.253 dev tutti-2 table local proto kernel',
    '110.99.3.0/24 dev other',
  ].join('\n');
  assert.deepEqual(freeSubnets(routes).slice(0, 3), [1, 3, 4]);
});

test('without routes all are free', () => assert.equal(freeSubnets('').length, 256));

test('addresses are numbered from .1', () => assert.equal(nodeAddress(7, 2), '10.99.7.3'));

test('a node has the same hardware address each time', () => {
  assert.equal(hardwareAddress('10.99.7.3'), '02:74:0a:63:07:03');
});
