import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { StepRun } from './chance.ts';
import { runUntilClear } from './chance.ts';

/** Fails with a table of what Tutti says and the plain engine never does; tells of what was chance. */
export const assertAlike = async <Shown>(
  t: TestContext,
  run: (about?: ReadonlySet<string>) => Promise<readonly StepRun<Shown>[]>,
  format: (difference: Shown) => string,
): Promise<void> => {
  const { stands, forgiven, runs } = await runUntilClear(run);
  if (forgiven.length > 0) {
    t.diagnostic(`chance, in ${runs} runs: the plain engine says this too at times\n${table(forgiven, format)}`);
  }
  assert.ok(stands.length === 0, `differences that are no chance, in ${runs} runs\n${table(stands, format)}`);
};

/** Each once, though it be of every run. */
const table = <Shown>(differences: readonly Shown[], format: (difference: Shown) => string): string =>
  [...new Set(differences.map(format))].join('\n');
