import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideRestart, firstPauseMs, healthyRunMs, longestPauseMs } from './restart.ts';
import type { EndedRun } from './restart.ts';

const run = (fields: Partial<EndedRun> = {}): EndedRun => ({
  policy: {},
  job: false,
  failed: true,
  restarts: [],
  ranMs: 0,
  now: 1_000_000,
  ...fields,
});

const pauseOf = (ended: EndedRun): number => {
  const decision = decideRestart(ended);
  return decision.restart ? decision.at - ended.now : NaN;
};

test('the first restart is at once, those in a row are spaced further and further, up to a bound', () => {
  const now = 1_000_000;
  const pauses = [0, 1, 2, 3, 20].map((count) =>
    pauseOf(run({ now, restarts: Array.from({ length: count }, (_, i) => now - count + i) })),
  );
  assert.deepEqual(pauses, [0, firstPauseMs, firstPauseMs * 2, firstPauseMs * 4, longestPauseMs]);
});

test('a healthy run forgives, and so does a long time', () => {
  const restarts = [999_000, 999_500];
  assert.equal(pauseOf(run({ restarts, ranMs: healthyRunMs })), 0);
  assert.equal(pauseOf(run({ restarts, now: 2_000_000 })), 0);
});

test("the user's delay is taken as it is", () => {
  assert.equal(pauseOf(run({ policy: { delayMs: 5_000 } })), 5_000);
  assert.equal(pauseOf(run({ policy: { delayMs: 5_000 }, restarts: [999_990, 999_995] })), 5_000);
});

test('attempts are counted in the window only', () => {
  const policy = { maxAttempts: 2, windowMs: 10_000 };
  assert.equal(decideRestart(run({ policy, restarts: [995_000, 996_000] })).restart, false);
  assert.equal(decideRestart(run({ policy, restarts: [900_000, 996_000] })).restart, true);
});

test('never more restarts than allowed, never in the past, never after a job that ended well', () => {
  const ended = fc.record({
    policy: fc.record(
      {
        condition: fc.constantFrom('none' as const, 'on-failure' as const, 'any' as const),
        delayMs: fc.nat(100_000),
        maxAttempts: fc.nat(5),
        windowMs: fc.nat(1_000_000),
      },
      { requiredKeys: [] },
    ),
    job: fc.boolean(),
    failed: fc.boolean(),
    restarts: fc.array(fc.nat(1_000_000)).map((times) => times.toSorted((a, b) => a - b)),
    ranMs: fc.nat(100_000),
    now: fc.integer({ min: 1_000_000, max: 2_000_000 }),
  }) as fc.Arbitrary<EndedRun>;
  fc.assert(
    fc.property(ended, (value) => {
      const decision = decideRestart(value);
      if (!decision.restart) return;
      assert.ok(decision.at >= value.now);
      assert.ok(decision.at <= value.now + Math.max(longestPauseMs, value.policy.delayMs ?? 0));
      assert.ok(!(value.job && !value.failed));
      assert.notEqual(value.policy.condition, 'none');
      const { maxAttempts = 0, windowMs = 0 } = value.policy;
      const counted = value.restarts.filter((at) => windowMs === 0 || at > value.now - windowMs);
      if (maxAttempts > 0) assert.ok(counted.length < maxAttempts);
    }),
  );
});
