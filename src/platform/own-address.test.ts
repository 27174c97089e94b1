import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { until } from '../../test/support/until.ts';
import { isOwnAddress, ownAddressAmong, watchAddress } from './own-address.ts';

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

test('an address is the own one where the kernel would send from it', async () => {
  const own = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family }) => family === 'IPv4');
  for (const { address } of own) assert.equal(await isOwnAddress(address), true, address);
  for (const address of ['203.0.113.7', '127.0.0.2', '255.255.255.255']) {
    assert.equal(await isOwnAddress(address), false, address);
  }
});

test('nobody is called after the end, by a look that was under way neither', async () => {
  let turn = (): void => undefined;
  let [calls, turns] = [0, 0];
  const clock = {
    after(_ms: number, next: () => void) {
      turn = next;
      turns += 1;
      return { cancel: () => undefined };
    },
  };
  const watching = watchAddress(
    clock,
    () => '203.0.113.7',
    () => (calls += 1),
  );
  turn();
  await until(
    'the next turn',
    () => Promise.resolve(turns),
    (count) => count === 2,
  );
  assert.equal(calls, 1);
  turn();
  watching[Symbol.dispose]();
  for (let look = 0; look < 10; look += 1) await isOwnAddress('203.0.113.7');
  assert.equal(calls, 1);
});
