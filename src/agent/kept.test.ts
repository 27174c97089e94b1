import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keptSince, laidOver } from './kept.ts';

const sets = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.record({ n: fc.integer({ max: 3, min: 0 }) })))
  .map((entries) => new Map(entries));

test('what is laid over the last set gives the next one, whatever the two are', () => {
  fc.assert(
    fc.property(fc.option(sets, { nil: undefined }), sets, sets, (written, next, disk) => {
      const kept = keptSince(written, next);
      assert.deepEqual(new Map(laidOver(written ?? disk, kept)), next);
    }),
  );
});

test('only what differs is a change, and what may not be kept is left out or taken away', () => {
  const same = { n: 1 };
  const before = new Map([
    ['same', same],
    ['equal', { n: 2 }],
    ['other', { n: 3 }],
    ['gone', { n: 4 }],
    ['secret', { n: 5 }],
  ]);
  const after = new Map([
    ['same', same],
    ['equal', { n: 2 }],
    ['other', { n: 30 }],
    ['secret', { n: -5 }],
    ['new', { n: 6 }],
  ]);
  const { all, changes } = keptSince(before, after, (value) => (value.n < 0 ? undefined : value));
  assert.deepEqual(
    changes,
    new Map([
      ['other', { n: 30 }],
      ['secret', undefined],
      ['new', { n: 6 }],
      ['gone', undefined],
    ]),
  );
  assert.deepEqual([...all().keys()], ['same', 'equal', 'other', 'new']);
});
