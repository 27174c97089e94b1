import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceSpec } from './service.ts';

test('a service name fits in a label of DNS', () => {
  const named = (name: string) =>
    serviceSpec.safeParse({ name, task: { containers: [{ name: 'main', image: 'a' }] }, mode: { kind: 'global' } });
  assert.ok(named('a'.repeat(63)).success);
  assert.match(named('a'.repeat(64)).error?.issues[0]?.message ?? '', /63 characters at most/);
});
