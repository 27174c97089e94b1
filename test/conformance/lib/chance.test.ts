import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StepRun } from './chance.ts';
import { judge, runUntilClear } from './chance.ts';

const step = (name: string, tutti: string | undefined, plain: string): StepRun<string> => ({
  step: name,
  plain,
  ...(tutti !== undefined && { tutti }),
  differences: tutti === plain ? [] : [`${name}: ${tutti}, not ${plain}`],
});

/** Runs of one step, as what the two said: `ab` is Tutti's a and the plain engine's b. */
const stands = (...runs: readonly string[]): readonly string[] =>
  judge(runs.map(([tutti, plain]) => [step('s', tutti, plain ?? '')])).stands;

/** One run after the other; which steps each was asked about is kept. */
const played = (
  ...runs: readonly (readonly StepRun<string>[])[]
): { readonly run: Parameters<typeof runUntilClear<string>>[0]; readonly asked: unknown[] } => {
  const asked: unknown[] = [];
  return {
    asked,
    run: (about) => {
      const next = runs[Math.min(asked.length, runs.length - 1)];
      asked.push(about);
      return Promise.resolve(next ?? []);
    },
  };
};

describe('what is chance', () => {
  test('the same at both ends is nothing', () => {
    assert.deepEqual(judge([[step('s', 'a', 'a')]]), { stands: [], forgiven: [], steps: new Set() });
  });

  test('is forgiven where the plain engine says, in some run, all that Tutti says', () => {
    assert.deepEqual(stands('ax', 'aa'), []);
    assert.deepEqual(stands('ax', 'ay', 'aa'), []);
    assert.deepEqual(stands('ax', 'xa'), []);
    assert.deepEqual(judge([[step('s', 'a', 'x')], [step('s', 'a', 'a')]]).forgiven, ['s: a, not x']);
  });

  test('is not what the plain engine never says, be it in one run of many', () => {
    assert.deepEqual(stands('ax'), ['s: a, not x']);
    assert.deepEqual(stands('ax', 'ay', 'az'), ['s: a, not x', 's: a, not y', 's: a, not z']);
    assert.deepEqual(stands('bx', 'xx', 'xx', 'xx'), ['s: b, not x']);
    assert.deepEqual(stands('ax', 'aa', 'ba'), ['s: b, not a'], 'a is chance, b is not');
  });

  test('is a matter of one step: what is said at another does not excuse it', () => {
    const runs = [
      [step('one', 'a', 'b'), step('other', 'c', 'c')],
      [step('one', 'c', 'b'), step('other', 'a', 'a')],
    ];
    assert.deepEqual([...judge(runs).steps], ['one']);
  });

  test('is no excuse for what Tutti has to say and did not', () => {
    assert.deepEqual(judge([[step('s', undefined, 'a')], [step('s', 'a', 'a')]]).stands, ['s: undefined, not a']);
  });

  test('does not make up for a step that never works: failing alike shows nothing', () => {
    const alike = { ...step('s', 'failed', 'failed'), differences: ['both failed'], failed: true };
    const alone = { ...step('s', 'failed', 'a'), failed: true };
    assert.deepEqual(judge([[alike], [alike]]).stands, ['both failed', 'both failed']);
    assert.deepEqual(judge([[alike], [alone]]).stands, ['both failed', 's: failed, not a']);
    assert.deepEqual(judge([[alike], [step('s', 'a', 'a')]]).stands, []);
    assert.deepEqual(judge([[alone], [step('s', 'a', 'a')]]).stands, ['s: failed, not a']);
  });
});

describe('running again', () => {
  test('is not done where nothing differs', async () => {
    const { run, asked } = played([step('s', 'a', 'a')]);
    assert.equal((await runUntilClear(run)).runs, 1);
    assert.deepEqual(asked, [undefined]);
  });

  test('ends as soon as it was chance, and is about what differs', async () => {
    const { run, asked } = played([step('s', 'a', 'x'), step('t', 'b', 'b')], [step('s', 'a', 'a')]);
    const { runs, stands: left } = await runUntilClear(run);
    assert.deepEqual([runs, left], [2, []]);
    assert.deepEqual(asked, [undefined, new Set(['s'])]);
  });

  test('ends after four runs: it is no chance then', async () => {
    const { run, asked } = played([step('s', 'a', 'x')]);
    assert.equal((await runUntilClear(run)).stands.length, 4);
    assert.equal(asked.length, 4);
  });
});
