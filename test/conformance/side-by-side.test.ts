import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertAlike } from './lib/alike.ts';
import { unexcused } from './lib/excused.ts';
import { keyOf } from './lib/inspector.ts';
import type { Pair } from './lib/pair.ts';
import { startPair } from './lib/pair.ts';
import { formatDifference, runScenario } from './lib/side-by-side.ts';
import { containerScenarios } from './scenarios/containers.ts';
import { imageScenarios } from './scenarios/images.ts';
import { missionScenarios } from './scenarios/mission.ts';
import { serviceScenarios } from './scenarios/services.ts';
import { swarmScenarios } from './scenarios/swarm.ts';
import { systemScenarios } from './scenarios/system.ts';
import { volumeScenarios } from './scenarios/volumes.ts';

const programs = ['/usr/local/bin/docker', '/usr/bin/docker'].filter((path) => existsSync(path));
/** What differs from one version of the command to the next is in these. */
const brief = /^(?:run in|create,|exec|what is wrong|volumes)/;
const scenarios = [
  ...systemScenarios,
  ...containerScenarios,
  ...imageScenarios,
  ...volumeScenarios,
  ...serviceScenarios,
  ...swarmScenarios,
  ...missionScenarios,
];

describe('the docker command, on three engines under Tutti and on one plain engine', () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair();
  });
  after(async () => {
    await pair[Symbol.asyncDispose]();
  });

  test('there is a docker command', { skip: programs.length === 0 && 'no docker command here' }, () => undefined);
  for (const [index, docker] of programs.entries()) {
    describe(docker, () => {
      for (const scenario of scenarios.filter(({ name }) => index === 0 || brief.test(name))) {
        test(scenario.name, async (t) => {
          await assertAlike(t, () => runScenario(pair, { docker }, scenario), formatDifference);
        });
      }
    });
  }

  test('what went over the wire is as the specification says, or as the engine does it too', () => {
    const plain = new Set(pair.plain.inspector.violations.map(keyOf));
    const own = unexcused(pair.tutti.inspector.violations).filter((violation) => !plain.has(keyOf(violation)));
    assert.deepEqual(own.map(keyOf), []);
  });
});
