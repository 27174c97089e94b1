import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterSpec } from './cluster.ts';

test('the overlay pool is /16 at the widest', () => {
  const refused = clusterSpec.safeParse({ overlayPool: '100.64.0.0/10' });
  assert.match(refused.error?.issues[0]?.message ?? '', /\/16 at the widest/);
  assert.equal(clusterSpec.parse({ overlayPool: '100.64.0.0/20' }).overlayPool, '100.64.0.0/20');
});
