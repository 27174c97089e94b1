import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaces } from './places.ts';

test('places are bounded altogether and per address, and are free again once', () => {
  const places = createPlaces({ all: 3, perAddress: 2 });
  const first = places.take('a');
  assert.ok(first);
  assert.ok(places.take('a'));
  assert.equal(places.take('a'), undefined);
  assert.ok(places.take('b'));
  assert.equal(places.take('c'), undefined);
  first();
  first();
  assert.ok(places.take('c'));
  assert.equal(places.take('d'), undefined);
});
