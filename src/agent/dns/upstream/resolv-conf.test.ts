import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNameservers } from './resolv-conf.ts';

test('the resolvers of resolv.conf', () => {
  const text =
    '# comment\nsearch a b\nnameserver 192.0.2.1\n nameserver  2001:db8::1\nnameserver fe80::1%eth0\nnameserver\n;nameserver 1.1.1.1\n';
  assert.deepEqual(parseNameservers(text), ['192.0.2.1', '2001:db8::1']);
});
