/** `npm run fuzz -- --runs 100000 --seed 7`: requests of all kinds against the Docker dialect, longer than in `npm run check`. */
import { parseArgs } from 'node:util';
import { fuzz } from '../../src/api/docker/testing/fuzz.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
});
const seed = Number(values.seed);
const runs = Number(values.runs);
if (!Number.isInteger(seed) || !Number.isInteger(runs)) throw new Error('--runs and --seed are whole numbers');
console.log(`${runs} requests, seed ${seed}`);
await fuzz({ seed, runs });
console.log('every one was answered as it should be');
