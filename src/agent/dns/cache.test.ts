import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as packet from 'dns-packet';
import { createCache } from './cache.ts';

const answerFor = (ttl: number, flags = 0): Buffer =>
  packet.encode({ type: 'response', flags, answers: [{ type: 'A', name: 'a', ttl, data: '192.0.2.1' }] });

test('answers are kept for their life, and for five seconds at most', () => {
  const cache = createCache();
  cache.put('short', answerFor(2), 0);
  cache.put('long', answerFor(3600), 0);
  cache.put('none', answerFor(0), 0);
  assert.ok(cache.get('short', 1999));
  assert.equal(cache.get('short', 2000), undefined);
  assert.ok(cache.get('long', 4999));
  assert.equal(cache.get('long', 5000), undefined);
  assert.equal(cache.get('none', 0), undefined);
});

test('trouble and cut answers are not kept', () => {
  const cache = createCache();
  cache.put('failure', answerFor(60, 2), 0);
  cache.put('cut', answerFor(60, packet.TRUNCATED_RESPONSE), 0);
  assert.equal(cache.get('failure', 0), undefined);
  assert.equal(cache.get('cut', 0), undefined);
});

test('it does not grow beyond its size', () => {
  const cache = createCache(2);
  for (const key of ['a', 'b', 'c']) cache.put(key, answerFor(60), 0);
  assert.equal(cache.get('a', 0), undefined);
  assert.ok(cache.get('b', 0) && cache.get('c', 0));
});
