import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueWays, judgeWay, nextTryAt } from './way.ts';
import type { Outcome, Way } from './way.ts';

/** Tries that began at these times and were over after a second where they failed. */
const after = (...tries: readonly (readonly [number, Outcome])[]): Way => {
  let way: Way | undefined;
  for (const [at, outcome] of tries) way = judgeWay(way, outcome, at, outcome === 'failed' ? at + 1_000 : at + 1);
  assert.ok(way);
  return way;
};

test('a node is lost after three failures in a row over three seconds, and back after two successes', () => {
  const slow = after([0, 'reached'], [2_000, 'failed'], [3_500, 'reached']);
  assert.deepEqual([slow.lost, slow.failures], [false, 0]);
  const failed = [
    [2_000, 'failed'],
    [3_500, 'failed'],
  ] as const;
  assert.equal(after(...failed).lost, false);
  assert.equal(after(...failed, [5_000, 'failed']).lost, true);
  assert.equal(after(...failed, [5_000, 'failed'], [6_000, 'reached']).lost, true);
  assert.equal(after(...failed, [5_000, 'failed'], [6_000, 'reached'], [7_000, 'reached']).lost, false);
});

test('failures that come at once do not make a node lost before their time, and what this node could not ask says nothing', () => {
  let way = after([0, 'reached']);
  for (let at = 2_000; at < 4_900; at += 500) way = judgeWay(way, 'failed', at, at + 1);
  assert.equal(way.lost, false);
  assert.equal(judgeWay(way, 'failed', 5_000, 5_001).lost, true);
  assert.equal(judgeWay(way, 'unknown', 5_000, 5_001).failures, 0);
});

test('those in doubt are tried first, then those that have waited longest', () => {
  const ways = new Map([
    ['steady', after([0, 'reached'])],
    ['later', after([9_500, 'reached'])],
    ['doubt', after([8_000, 'failed'])],
    ['new', undefined],
  ]);
  assert.deepEqual(dueWays(ways, 10_000, 8), ['doubt', 'new', 'steady']);
  assert.deepEqual(dueWays(ways, 10_000, 1), ['doubt']);
  assert.equal(nextTryAt(ways.get('doubt')), 8_500);
});
