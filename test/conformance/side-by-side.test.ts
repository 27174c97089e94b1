import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAlike } from './lib/alike.ts';
import { endpointsOf } from '../../src/api/docker/testing/contract/endpoints.ts';
import { dockerCommands } from '../support/docker.ts';
import { unexcused } from './lib/excused.ts';
import { startIndex } from './lib/index-server.ts';
import { keyOf } from './lib/inspector.ts';
import type { Pair } from './lib/pair.ts';
import { startPair } from './lib/pair.ts';
import { registryProgram, startRegistry } from './lib/registry.ts';
import { formatDifference, runScenario } from './lib/side-by-side.ts';
import { containerScenarios } from './scenarios/containers.ts';
import { imageScenarios } from './scenarios/images.ts';
import { missionScenarios } from './scenarios/mission.ts';
import { ports, registryScenarios } from './scenarios/registry.ts';
import { serviceScenarios } from './scenarios/services.ts';
import { swarmScenarios } from './scenarios/swarm.ts';
import { systemScenarios } from './scenarios/system.ts';
import { volumeScenarios } from './scenarios/volumes.ts';

/**
 * What the two versions of the command send differently is in these: bodies of create, connect, build and volumes, checks
 * for duplicates, filters of searching and pruning. The rest goes over the wire to the letter as the other one sends it.
 */
const brief = /^(?:info|what is wrong|run in|create,|exec|build,|save,|searching|volumes|networks|stacks)/;
/** What the docker command does not come by here, and who asks it instead. */
const elsewhere: readonly (readonly [who: string, endpoint: RegExp])[] = [
  ['refused with the reason: endpoints.test.ts', /^\w+ \/plugins\/|^PUT \/volumes\//],
  ['libraries.test.ts', /\/resize$|^GET \/(?:_ping|images\/\{name\}\/get|tasks\/\{id\})$/],
  ['containers.test.ts', /\/attach\/ws$/],
  ['images.test.ts', /^POST \/session$/],
  ['machine.test.ts, swarm.test.ts', /^POST \/swarm\/(?:init|join|leave|unlock)$/],
  ['swarm.test.ts', /^GET \/tasks\/\{id\}\/logs$/],
  ['docker-cli.test.ts', /^DELETE \/nodes\//],
  ['api.test.ts: there is no command', /^POST \/(?:secrets|configs)\/\{id\}\/update$/],
  ...(registryProgram === undefined
    ? [['nobody: there is no registry here', /^GET \/distribution\/|^GET \/images\/search$|^POST \/auth$/] as const]
    : []),
];
const scenarios = [
  ...systemScenarios,
  ...containerScenarios,
  ...imageScenarios,
  ...(registryProgram === undefined ? [] : registryScenarios),
  ...volumeScenarios,
  ...serviceScenarios,
  ...swarmScenarios,
  ...missionScenarios,
];

describe('the docker command, on three engines under Tutti and on one plain engine', () => {
  const stack = new AsyncDisposableStack();
  let pair: Pair;
  before(async () => {
    pair = stack.use(await startPair());
    stack.use(await startIndex(ports.index));
    if (registryProgram === undefined) return;
    for (const { outside } of [pair.tutti, pair.plain]) {
      stack.use(await startRegistry(registryProgram, outside, ports.registry, { asks: true }));
    }
  });
  after(async () => {
    await stack.disposeAsync();
  });

  test('there is a docker command', () => assert.ok(dockerCommands.length > 0));
  for (const [index, docker] of dockerCommands.entries()) {
    describe(docker, () => {
      for (const scenario of scenarios.filter(({ name }) => index === 0 || brief.test(name))) {
        test(scenario.name, async (t) => {
          await assertAlike(t, () => runScenario(pair, { docker }, scenario), formatDifference);
        });
      }
    });
  }

  test('every endpoint was answered with success, but for those that other tests ask', () => {
    const { covered, unknown } = pair.tutti.inspector;
    const left = endpointsOf().filter(({ key }) => !covered.has(key) && !elsewhere.some(([, at]) => at.test(key)));
    assert.deepEqual(
      left.map(({ key }) => key),
      [],
    );
    assert.deepEqual([...unknown], []);
  });

  test('what went over the wire is as the specification says, or as the engine does it too', () => {
    const plain = new Set(pair.plain.inspector.violations.map(keyOf));
    const own = unexcused(pair.tutti.inspector.violations).filter((violation) => !plain.has(keyOf(violation)));
    assert.deepEqual(own.map(keyOf), []);
  });
});
