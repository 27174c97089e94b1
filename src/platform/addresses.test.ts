import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddresses } from './addresses.ts';

const link = (ifname: string, local: string, flags = ['UP'], scope = 'global') => ({
  ifname,
  mtu: 1500,
  flags,
  addr_info: [{ family: 'inet', local, scope }],
});

test("the default route's interface is first; loopback, links that are down and link-local addresses are left out", () => {
  const addresses = [
    link('lo', '127.0.0.1', ['LOOPBACK', 'UP'], 'host'),
    link('docker0', '172.17.0.1'),
    link('eth0', '10.0.0.5'),
    link('eth1', '10.1.0.5', ['BROADCAST']),
    link('eth2', '169.254.3.4', ['UP'], 'link'),
  ];
  const found = parseAddresses(JSON.stringify(addresses), '[{"dst":"default","dev":"eth0"}]');
  assert.deepEqual(found, [
    { address: '10.0.0.5', interface: 'eth0', mtu: 1500 },
    { address: '172.17.0.1', interface: 'docker0', mtu: 1500 },
  ]);
  assert.deepEqual(parseAddresses('[]', ''), []);
});
