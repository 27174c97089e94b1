import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddresses, parseAddresses6 } from './addresses.ts';

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

test("a machine's own IPv6 addresses: not those of a link alone, nor of bridges that other machines may have alike", () => {
  const sixth = (ifname: string, local: string, scope = 'global') => ({
    ...link(ifname, '10.0.0.1'),
    addr_info: [{ family: 'inet6', local, scope }],
  });
  const links = [
    sixth('eth1', 'fd00::6'),
    sixth('eth0', '2001:db8::5'),
    sixth('eth0', 'fe80::1', 'link'),
    sixth('tutti0-front', 'fd00:1::1'),
    sixth('docker0', 'fd00:2::1'),
  ];
  assert.deepEqual(parseAddresses6(JSON.stringify(links)), ['2001:db8::5', 'fd00::6']);
  assert.deepEqual(parseAddresses6(''), []);
});
