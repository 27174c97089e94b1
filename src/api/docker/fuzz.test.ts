import { test } from 'node:test';
import { fuzz } from './testing/fuzz.ts';

/** More: `npm run fuzz -- --runs 100000 --seed 7`. */
test('requests of all kinds are answered, or refused with a reason', { timeout: 60_000 }, async () => {
  await fuzz({ seed: 1, runs: 1500 });
});
