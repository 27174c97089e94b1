import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressNumber, contains, inOrder, overlaps, range } from './ipv4.ts';

test('addresses', () => {
  assert.equal(addressNumber('10.0.1.2'), 0x0a00_0102);
  for (const wrong of ['', '10.0.0', '10.0.0.256', '10.0.0.1.2', '10.0.0.x', '10.0.0.-1']) {
    assert.equal(addressNumber(wrong), undefined, wrong);
  }
  assert.deepEqual(inOrder(['10.0.0.10', '10.0.0.9', '10.0.0.10']), ['10.0.0.9', '10.0.0.10']);
});

test('networks', () => {
  const net = range('10.0.1.77/24');
  const host = range('10.0.1.5');
  const far = range('10.0.2.0/24');
  assert.ok(net && host && far);
  assert.deepEqual(net, { first: 0x0a00_0100, last: 0x0a00_01ff });
  assert.ok(contains(net, host) && overlaps(net, host) && !overlaps(net, far) && !contains(host, net));
  assert.equal(range('10.0.0.0/33'), undefined);
});
