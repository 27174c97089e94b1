import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnIn, ownAddressAmong } from './own-address.ts';

const on = (name: string, address: string) => ({ interface: name, address, mtu: 1500 });
const docker = on('docker0', '172.17.0.1');

test('the address is kept while it is there, whatever else the interface has', () => {
  const found = [on('eth0', '10.0.0.9'), on('eth0', '10.0.0.5'), docker];
  assert.equal(ownAddressAmong(found, { address: '10.0.0.5' }).interface, 'eth0');
  assert.equal(ownAddressAmong(found, { address: '10.0.0.5' }).address, '10.0.0.5');
});

test('another one of the same interface takes its place; without one nothing does', () => {
  const before = { address: '10.0.0.5', interface: 'eth1' };
  assert.equal(ownAddressAmong([on('eth0', '10.0.0.9'), on('eth1', '192.168.7.3')], before).address, '192.168.7.3');
  assert.equal(ownAddressAmong([on('eth0', '10.0.0.9'), docker], before).address, '10.0.0.5');
});

test('after a restart the one most alike is taken, else that of the default route, never one of an engine', () => {
  const before = { address: '10.0.0.5' };
  const two = [on('eth0', '203.0.113.4'), on('eth1', '10.0.0.77'), docker];
  assert.equal(ownAddressAmong(two, before).address, '10.0.0.77');
  assert.equal(ownAddressAmong([on('eth0', '203.0.113.4'), docker], before).address, '203.0.113.4');
  assert.equal(ownAddressAmong([on('docker0', '10.0.0.1')], before).address, '10.0.0.5');
});

test('an address is the own one where the kernel has it as local, not where it leads to another machine', () => {
  const routes = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 10.0.0.77
        /32 link UNICAST
     |-- 10.0.0.50
        /32 link UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.0.0.5
        /24 link UNICAST
        /32 host LOCAL
     |-- 10.0.0.50
        /32 host LOCAL
     |-- 10.0.0.255
        /32 link BROADCAST
     |-- 127.0.0.0
        /8 host LOCAL
`;
  const own = ['10.0.0.5', '10.0.0.50', '10.0.0.77', '10.0.0.255', '10.0.0.9', '0.0.0.5', '127.0.0.0'];
  assert.deepEqual(
    own.filter((address) => isOwnIn(routes, address)),
    ['10.0.0.5', '10.0.0.50'],
  );
});
