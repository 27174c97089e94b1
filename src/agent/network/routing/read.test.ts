import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRouting } from './read.ts';

/** In the form of iproute2 6.1. */
const listing = {
  device: JSON.stringify([
    {
      ifname: 'tutti0',
      flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
      mtu: 1400,
      address: '02:00:00:00:00:01',
      linkinfo: { info_kind: 'vxlan', info_data: { id: 42, local: '192.0.2.1', port: 4797 } },
      addr_info: [
        { family: 'inet', local: '100.127.0.1' },
        { family: 'inet6', local: 'fe80::1' },
      ],
    },
  ]),
  neighbours: '[{"dst":"100.127.0.2","lladdr":"02:00:00:00:00:02","state":["PERMANENT"]}]',
  routes: JSON.stringify([
    { dst: 'default', gateway: '100.127.0.2', table: '1416888322', flags: ['onlink'] },
    { dst: '10.0.0.5', gateway: '100.127.0.2', flags: ['onlink'] },
    { dst: '100.127.0.2', scope: 'link', flags: [] },
  ]),
  rules: JSON.stringify([
    { priority: 0, src: 'all', table: 'local' },
    { priority: 10_999, src: 'all', iif: 'lo', goto: 11_002, protocol: '116' },
    { priority: 11_000, src: 'all', fwmark: '0', fwmask: '0xffff0000', goto: 11_002, protocol: '116' },
    { priority: 11_001, src: 'all', fwmark: '0x20000', table: '1416888322', protocol: '116' },
    { priority: 11_001, src: 'all', table: '1416888323' },
  ]),
  forwarding: '[{"mac":"02:00:00:00:00:02","dst":"192.0.2.2","flags":["self"],"state":"permanent"}]',
};

test('what the tools list', () => {
  const found = parseRouting(listing);
  assert.deepEqual(found.link, {
    vni: 42,
    port: 4797,
    local: '192.0.2.1',
    mac: '02:00:00:00:00:01',
    mtu: 1400,
    address: '100.127.0.1',
  });
  assert.deepEqual(
    [...found.routes],
    [
      ['10.0.0.5', '100.127.0.2'],
      ['100.127.0.2', ''],
    ],
  );
  assert.deepEqual([...found.returns], [[2, '100.127.0.2']]);
  assert.deepEqual([...found.rules], [-3, -1, 2]);
  assert.deepEqual([...found.neighbours], [['100.127.0.2', '02:00:00:00:00:02']]);
  assert.deepEqual([...found.forwarding], [['02:00:00:00:00:02', '192.0.2.2']]);
});

test('no device is no link, and one that is down is made anew', () => {
  const nothing = { ...listing, device: undefined, neighbours: undefined, routes: undefined, forwarding: undefined };
  assert.equal(parseRouting(nothing).link, undefined);
  assert.equal(parseRouting({ ...listing, device: listing.device.replace('"UP",', '') }).link?.vni, 0);
});
