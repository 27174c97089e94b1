import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryOf } from './registry.ts';

test('the registry is what comes before the first slash, if it can be a host', () => {
  const registries = ['redis', 'redis:7', 'library/redis', 'ghcr.io/a/b:1', 'localhost/a', 'reg:5000/a@sha256:1'];
  assert.deepEqual(registries.map(registryOf), [
    'docker.io',
    'docker.io',
    'docker.io',
    'ghcr.io',
    'localhost',
    'reg:5000',
  ]);
});
