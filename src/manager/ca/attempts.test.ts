import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAttempts } from './attempts.ts';

test('an address that asks too often waits, and others do not wait for it', () => {
  let now = 0;
  const attempts = createAttempts({ monotonic: () => now });
  const taken = Array.from({ length: 30 }, () => attempts.take('10.0.0.1')).filter(Boolean).length;
  assert.equal(taken, 20);
  assert.equal(attempts.take('10.0.0.2'), true);
  now = 1000;
  assert.equal(attempts.take('10.0.0.1'), true);
  assert.equal(attempts.take('10.0.0.1'), false);
});

test('many addresses together are bounded too', () => {
  const attempts = createAttempts({ monotonic: () => 0 });
  let taken = 0;
  for (let host = 0; host < 2000; host += 1) if (attempts.take(`10.0.${host >> 8}.${host & 255}`)) taken += 1;
  assert.equal(taken, 500);
});
