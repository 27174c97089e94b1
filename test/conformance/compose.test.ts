import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dockerCommands } from '../support/docker.ts';
import { assertAlike } from './lib/alike.ts';
import type { Pair } from './lib/pair.ts';
import { startPair } from './lib/pair.ts';
import { formatDifference, runScenario } from './lib/side-by-side.ts';
import { composeScenarios } from './scenarios/compose.ts';

const finder = join(import.meta.dirname, '../../scripts/compose-plugin.sh');
const plugin = spawnSync(finder, ['--there'], { encoding: 'utf8' }).stdout.trim();
const [docker] = dockerCommands;
const missing =
  (docker === undefined && 'no docker command here') ||
  (plugin === '' && "Docker Compose v2 is not here: 'npm run setup -- --with clients' gets it");

describe('Docker Compose v2, on three engines under Tutti and on one plain engine', { skip: missing }, () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair();
  });
  after(async () => {
    await pair[Symbol.asyncDispose]();
  });

  for (const scenario of composeScenarios) {
    test(scenario.name, async (t) => {
      const program = { docker: docker ?? '', plugins: { 'docker-compose': plugin } };
      await assertAlike(t, () => runScenario(pair, program, scenario), formatDifference);
    });
  }
});
