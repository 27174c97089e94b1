import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as packet from 'dns-packet';
import fc from 'fast-check';
import { createCache, foreignAnswer } from './cache.ts';
import type { Foreign } from './cache.ts';
import { opt } from '../testing/opt.ts';

const questions: packet.Question[] = [{ type: 'A', name: 'a.example' }];
const a = (ttl: number): packet.Answer => ({ type: 'A', name: 'a.example', ttl, data: '192.0.2.1' });
const zone = (ttl: number, minimum: number): packet.Answer => ({
  type: 'SOA',
  name: 'example',
  ttl,
  data: { mname: 'ns.example', rname: 'me.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
const message = (more: Partial<packet.Packet>): Buffer => packet.encode({ type: 'response', questions, ...more });
const foreign = (more: Partial<packet.Packet>): Foreign => {
  const found = foreignAnswer(message(more));
  assert.ok(found);
  return found;
};

suite('answers from elsewhere', () => {
  test('hold for the shortest life of their records, and five minutes at most', () => {
    assert.equal(foreign({ answers: [a(60), a(20)] }).life, 20);
    assert.equal(foreign({ answers: [a(86_400)] }).life, 300);
    assert.equal(foreign({ answers: [a(0)] }).life, 0);
  });

  test('that say no hold for as long as their zone says, and not without it', () => {
    assert.equal(foreign({ flags: 3, authorities: [zone(30, 10)] }).life, 10);
    assert.equal(foreign({ flags: 3, authorities: [zone(5, 10)] }).life, 5);
    assert.equal(foreign({ authorities: [zone(3600, 3600)] }).life, 60);
    assert.equal(foreign({ flags: 3 }).life, 0);
    assert.equal(foreign({}).life, 0);
  });

  test('that are trouble or cut do not hold', () => {
    assert.equal(foreign({ flags: 2, answers: [a(60)] }).life, 0);
    assert.equal(foreign({ flags: packet.TRUNCATED_RESPONSE, answers: [a(60)] }).life, 0);
  });

  test('are kept without what is said between resolvers', () => {
    const found = packet.decode(foreign({ answers: [a(60)], additionals: [opt] }).message);
    assert.deepEqual([found.answers?.length, found.additionals], [1, []]);
  });

  test('are left where they are no messages, whatever they hold', () => {
    const whole = message({ answers: [a(60)], authorities: [zone(1, 1)], additionals: [opt] });
    for (let length = 0; length < whole.length; length += 1) foreignAnswer(whole.subarray(0, length));
    assert.equal(foreignAnswer(whole.subarray(0, whole.length - 1)), undefined);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => void foreignAnswer(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const bent = Buffer.from(whole);
        bent[at] = value;
        foreignAnswer(bent);
      }),
    );
  });
});

suite('the cache', () => {
  test('gives the times to live that are left, until one is over', () => {
    const cache = createCache();
    cache.put('a', foreign({ answers: [a(60), a(20)] }), 0);
    const [first, second] = packet.decode(cache.get('a', 5_500) ?? Buffer.alloc(0)).answers ?? [];
    assert.deepEqual(
      [first, second].map((record) => record?.type === 'A' && record.ttl),
      [55, 15],
    );
    assert.ok(cache.get('a', 19_999));
    assert.equal(cache.get('a', 20_000), undefined);
    cache.put('none', foreign({ answers: [a(0)] }), 0);
    assert.equal(cache.get('none', 0), undefined);
  });

  test('does not grow beyond its size, in answers and in bytes', () => {
    const few = createCache({ answers: 2, bytes: 1_000 });
    for (const key of ['a', 'b', 'c']) few.put(key, foreign({ answers: [a(60)] }), 0);
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => few.get(key, 0) !== undefined),
      [false, true, true],
    );
    const small = createCache({ answers: 100, bytes: 200 });
    for (let i = 0; i < 20; i += 1) small.put(String(i), foreign({ answers: [a(60), a(60)] }), 0);
    const kept = Array.from({ length: 20 }, (_, i) => small.get(String(i), 0)).filter((found) => found !== undefined);
    assert.ok(kept.length > 0 && kept.length < 5);
  });
});
