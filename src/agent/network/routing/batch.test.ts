import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNetwork, aPeer, aPublish, aSelf, anEndpoint, setOf } from '../../../../test/support/assignments.ts';
import type { Assignment } from '../../../model/assignment.ts';
import { desiredKernelState } from '../desired.ts';
import type { Routing } from '../kernel-state.ts';
import { emptyRouting, routingBatch } from './batch.ts';

const remote = anEndpoint({ nodeId: 'node2', address: '10.128.0.20' });
const routing = (...items: readonly Assignment[]): Routing =>
  desiredKernelState(setOf(...items), new Map())?.routing ?? assert.fail();
const whole = routing(aSelf(), aPeer(), aNetwork(), remote, aPublish());

suite('commands for ip and bridge', () => {
  test('everything, in an order in which each line finds what it needs', () => {
    const { ip, bridge } = routingBatch(emptyRouting, whole);
    assert.match(ip[0] ?? '', /^link add tutti0 type vxlan id \d+ local 192\.0\.2\.1 dstport 4797 nolearning$/);
    assert.deepEqual(ip.slice(1), [
      'link set tutti0 address 02:00:00:00:00:01 mtu 1450 up',
      'addr replace 100.127.0.1/32 dev tutti0',
      'neigh replace 100.127.0.2 lladdr 02:00:00:00:00:02 dev tutti0 nud permanent',
      'route replace 100.127.0.2/32 dev tutti0 proto 116',
      'route replace 10.128.0.20/32 via 100.127.0.2 onlink dev tutti0 proto 116',
      'route replace default via 100.127.0.2 onlink dev tutti0 proto 116 table 1416888322',
      'rule add pref 10999 iif lo goto 11002 protocol 116',
      'rule add pref 11000 fwmark 0/0xffff0000 goto 11002 protocol 116',
      'rule add pref 11002 nop protocol 116',
      'rule add pref 11001 fwmark 0x20000/0xffff0000 lookup 1416888322 protocol 116',
    ]);
    assert.deepEqual(bridge, ['fdb replace 02:00:00:00:00:02 dev tutti0 dst 192.0.2.2']);
  });

  test('no rules where no port is published: a machine that has any looks up the way back of all that it takes', () => {
    const { ip } = routingBatch(whole, routing(aSelf(), aPeer(), aNetwork(), remote));
    assert.deepEqual(
      ip.filter((line) => !line.startsWith('rule del')),
      [],
    );
    assert.equal(ip.length, 4);
  });

  test('nothing where nothing differs', () => {
    assert.deepEqual(routingBatch(whole, whole), { ip: [], bridge: [] });
  });

  test('a task that comes or goes is one line', () => {
    const without = routing(aSelf(), aPeer(), aNetwork(), aPublish());
    assert.deepEqual(routingBatch(without, whole).ip, [
      'route replace 10.128.0.20/32 via 100.127.0.2 onlink dev tutti0 proto 116',
    ]);
    assert.deepEqual(routingBatch(whole, without).ip, ['route del 10.128.0.20/32 dev tutti0']);
  });

  test('a device with another node address is made anew, with all of its routes, and rules stay', () => {
    const moved = routing(aSelf({ address: '192.0.2.99' }), aPeer(), aNetwork(), remote, aPublish());
    const { ip, bridge } = routingBatch(whole, moved);
    assert.equal(ip[0], 'link del tutti0');
    assert.match(ip[1] ?? '', /local 192\.0\.2\.99/);
    assert.ok(ip.some((line) => line.startsWith('route replace 10.128.0.20/32')));
    assert.ok(!ip.some((line) => line.startsWith('rule')));
    assert.equal(bridge.length, 1);
  });

  test('another MTU changes the device in place', () => {
    const smaller = routing(aSelf({ overlayMtu: 1400 }), aPeer(), aNetwork(), remote, aPublish());
    assert.deepEqual(routingBatch(whole, smaller).ip, ['link set tutti0 mtu 1400 up'], 'no neighbour is lost');
  });
});
