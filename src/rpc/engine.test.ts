import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withNodeNow } from './engine.ts';

test('the node puts its own time for now, and leaves nothing of the millisecond out', () => {
  const now = 1_700_000_000_042.7;
  assert.equal(withNodeNow('/events?since=now', now), '/events?since=1700000000.042000000');
  assert.equal(withNodeNow('/events?since=7.5&until=now', now), '/events?since=7.5&until=1700000000.042999999');
  for (const other of ['/events', '/events?since=1', '/events?since=nowadays', '/containers/now/json?since=now']) {
    assert.equal(withNodeNow(other, now), undefined, other);
  }
});
