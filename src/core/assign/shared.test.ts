import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../model/node.ts';
import { overlayMtu } from './shared.ts';

const node = (mtu: number, machine: string, publicKey?: string): Node =>
  ({ description: { mtu, machine, publicKey } }) as unknown as Node;

test('the MTU of the overlay is that of the least node, less VXLAN, less WireGuard where anything is encrypted', () => {
  const one = [node(1500, 'm1', 'k'), node(9000, 'm1', 'k')];
  const two = [...one, node(1400, 'm2', 'k')];
  assert.equal(overlayMtu(one, 'auto'), 1450);
  assert.equal(overlayMtu(one, 'on'), 1390);
  assert.equal(overlayMtu(two, 'auto'), 1290);
  assert.equal(overlayMtu(two, 'off'), 1350);
  assert.equal(overlayMtu([...one, node(1400, 'm2')], 'auto'), 1350, 'the other machine has no WireGuard');
});
