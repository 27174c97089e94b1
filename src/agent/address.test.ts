import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressBytes, inOrder } from './address.ts';

const hex = (text: string): string | undefined => {
  const bytes = addressBytes(text);
  return bytes && Buffer.from(bytes).toString('hex');
};

test('addresses of both families are bytes, and other texts are not', () => {
  assert.equal(hex('10.128.0.5'), '0a800005');
  assert.equal(hex('::'), '0'.repeat(32));
  assert.equal(hex('fd00:1::a:b'), 'fd00000100000000000000000' + '00a000b');
  assert.equal(hex('::ffff:10.0.0.1'), '00000000000000000000ffff0a000001');
  for (const text of ['', '10.0.0', '10.0.0.256', 'fd00::1::2', 'fe80::1%eth0', 'web'])
    assert.equal(hex(text), undefined, text);
});

test('addresses are in order of their numbers, once each', () => {
  assert.deepEqual(inOrder(['10.0.0.10', '10.0.0.9', '10.0.0.10', '9.0.0.1']), ['9.0.0.1', '10.0.0.9', '10.0.0.10']);
  assert.deepEqual(inOrder(['fd00::10', 'fd00::9']), ['fd00::9', 'fd00::10']);
});
