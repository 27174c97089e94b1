import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contains, hasAddress, overlaps, readRange } from './ipv4.ts';

test('what is read as a range is an address or a network, and nothing else', () => {
  assert.deepEqual(readRange('10.0.0.7'), { first: 0x0a_00_00_07, last: 0x0a_00_00_07 });
  assert.deepEqual(readRange('10.0.0.7/24'), { first: 0x0a_00_00_00, last: 0x0a_00_00_ff });
  for (const text of ['', 'box', '10.0.0', '10.0.0.256', '10.0.0.1/33', '10.0.0.1/', '10.0.0.0/8/8', '10.0.0.-1']) {
    assert.equal(readRange(text), undefined, text);
  }
});

test('an address is in a range, other text is not', () => {
  const range = readRange('10.0.0.0/30');
  assert.ok(range !== undefined);
  assert.ok(hasAddress(range, '10.0.0.3'));
  for (const text of ['10.0.0.4', '9.255.255.255', '10.0.0', 'box', '']) assert.ok(!hasAddress(range, text), text);
});

test('networks overlap and contain one another', () => {
  const [net, host, far] = ['10.0.1.77/24', '10.0.1.5', '10.0.2.0/24'].map(readRange);
  assert.ok(net && host && far);
  assert.ok(contains(net, host) && overlaps(net, host) && !overlaps(net, far) && !contains(host, net));
});
