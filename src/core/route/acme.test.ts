import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextAcmeStep, retryAt } from './acme.ts';

const directory = 'https://a/';
const minute = 60_000;

test('who has none is first, then who has to be renewed; another directory is a reason too', () => {
  const state = { directory, hosts: ['a', 'b'], failures: new Map() };
  const has = (renewAt: number, whence = directory) => ({ directory: whence, renewAt });
  assert.deepEqual(nextAcmeStep({ ...state, certificates: new Map([['a', has(10)]]) }, 20), {
    kind: 'order',
    host: 'b',
  });
  const both = new Map([
    ['a', has(100)],
    ['b', has(50)],
  ]);
  assert.deepEqual(nextAcmeStep({ ...state, certificates: both }, 20), { kind: 'wait', until: 50 });
  assert.deepEqual(nextAcmeStep({ ...state, certificates: both }, 50), { kind: 'order', host: 'b' });
  const moved = new Map([
    ['a', has(100, 'https://b/')],
    ['b', has(50)],
  ]);
  assert.deepEqual(nextAcmeStep({ ...state, certificates: moved }, 20), { kind: 'order', host: 'a' });
  assert.deepEqual(nextAcmeStep({ ...state, hosts: [], certificates: both }, 99), { kind: 'wait' });
});

test('a host that failed waits longer each time, and does not hold up the others', () => {
  const waits = [1, 2, 3, 4, 5, 9].map((count) => retryAt({ count, at: 0 }) / minute);
  assert.deepEqual(waits, [1, 4, 16, 64, 256, 360]);
  assert.equal(retryAt({ count: 1, at: 0, notBefore: 9 * minute }), 9 * minute);
  const failures = new Map([['a', { count: 1, at: 0 }]]);
  const state = { directory, hosts: ['a', 'b'], certificates: new Map(), failures };
  assert.deepEqual(nextAcmeStep(state, 5), { kind: 'order', host: 'b' });
});
