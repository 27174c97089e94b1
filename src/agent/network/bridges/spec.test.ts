import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNetwork, aSelf } from '../../../../test/support/assignments.ts';
import { bridgeRequest, isSameBridge, routeConflict } from './spec.ts';

suite("the engine's network", () => {
  test('has a bridge of a name that fits, and never masquerades by itself', () => {
    const request = bridgeRequest(aNetwork({ id: 'q2w3e4r5t6y7u8i9o0p1a2s3d' }), aSelf());
    assert.equal(request.options['com.docker.network.bridge.name'], 'tutti0-q2w3e4r5');
    assert.equal(request.options['com.docker.network.bridge.enable_ip_masquerade'], 'false');
    assert.equal(request.options['com.docker.network.driver.mtu'], '1450');
  });

  test('of the ingress sorts before every other, so that it gives the default route', () => {
    const plain = bridgeRequest(aNetwork(), aSelf()).name;
    assert.ok(bridgeRequest(aNetwork({ id: 'zzzzzzzzz', ingress: true }), aSelf()).name < plain);
  });

  test('takes a smaller MTU from the network, never a greater one', () => {
    const mtu = (value: string): string | undefined =>
      bridgeRequest(aNetwork({ options: { 'com.docker.network.driver.mtu': value } }), aSelf()).options[
        'com.docker.network.driver.mtu'
      ];
    assert.equal(mtu('1300'), '1300');
    assert.equal(mtu('9000'), '1450');
    assert.equal(mtu('much'), '1450');
  });

  test('is recognised, and one with another subnet is not', () => {
    const wanted = bridgeRequest(aNetwork(), aSelf());
    const found = { ...wanted, id: 'x', subnets: [{ subnet: wanted.subnet, gateway: wanted.gateway }] };
    assert.equal(isSameBridge(found, wanted), true);
    assert.equal(isSameBridge({ ...found, subnets: [{ subnet: '10.5.0.0/24' }] }, wanted), false);
    assert.equal(isSameBridge({ ...found, internal: true }, wanted), false);
  });
});

suite('routes in the way', () => {
  const conflict = (dst: string, dev = 'eth0', gateway?: string): boolean =>
    routeConflict('10.128.0.0/24', 'tutti0-front000', [{ dst, dev, gateway }]) !== undefined;

  test('a network that the machine is on, or a route inside the subnet', () => {
    assert.ok(conflict('10.128.0.0/16'));
    assert.ok(conflict('10.128.0.0/25', 'eth0', '192.0.2.254'));
    assert.ok(conflict('10.128.0.77', 'wg0'));
  });

  test('not the default route, a wider one by a gateway, ours, or one elsewhere', () => {
    assert.ok(!conflict('default', 'eth0', '192.0.2.254'));
    assert.ok(!conflict('10.0.0.0/8', 'eth0', '192.0.2.254'));
    assert.ok(!conflict('10.128.0.0/24', 'tutti0-front000'));
    assert.ok(!conflict('10.128.0.5', 'tutti0'));
    assert.ok(!conflict('10.128.1.0/24'));
  });
});
