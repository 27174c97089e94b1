import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskSpec } from '../../model/service.ts';
import { meaningOf } from './meaning.ts';

const spec = (more: object = {}, container: object = {}) =>
  taskSpec.parse({ containers: [{ name: 'main', image: 'nginx', ...container }], ...more });

test('defaults that are written out ask for nothing, nor do empty parts and credentials', () => {
  const plain = meaningOf(spec());
  const written = spec(
    { restart: { condition: 'any', maxAttempts: 0 }, placement: {}, forceUpdate: 0, pullCredentials: { hub: 'x' } },
    { isolation: 'default', stopGraceMs: 10_000, dns: {}, resources: { limits: {}, reservations: {} } },
  );
  assert.deepEqual(meaningOf(written), plain);
});

test('what is not a default is asked for, an empty list too', () => {
  const plain = meaningOf(spec());
  const others = [
    spec({ restart: { condition: 'none' } }),
    spec({ restart: { delayMs: 0 } }),
    spec({ forceUpdate: 1 }),
    spec({}, { stopGraceMs: 9_000 }),
    spec({}, { isolation: 'process' }),
    spec({}, { command: [] }),
  ];
  for (const other of others) assert.notDeepEqual(meaningOf(other), plain, JSON.stringify(other));
});
