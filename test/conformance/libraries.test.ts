import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import Docker from 'dockerode';
import { run } from './cli.ts';
import { assertAlike } from './lib/alike.ts';
import { unexcused } from './lib/excused.ts';
import { keyOf } from './lib/inspector.ts';
import type { Pair, Side } from './lib/pair.ts';
import { startPair } from './lib/pair.ts';
import type { Walked } from './lib/walked.ts';
import { compareWalks, formatWalk, walkAll } from './lib/walked.ts';
import { wipe } from './lib/wipe.ts';
import { walk } from './walks/dockerode.ts';

const python = '/usr/bin/python3';
const script = join(import.meta.dirname, 'walks/walk.py');

const missing = ((): string | false => {
  try {
    execFileSync(python, ['-c', 'import docker'], { stdio: 'ignore' });
    return false;
  } catch {
    return "python3-docker is not here: 'npm run setup -- --with clients' installs it";
  }
})();

const walkPython = async ({ host }: Side, about: ReadonlySet<string> = new Set()): Promise<readonly Walked[]> => {
  const options = { environment: { DOCKER_HOST: host, PYTHONUNBUFFERED: '1' }, timeoutMs: 300_000 };
  const { code, stdout, stderr } = await run(python, [script, ...about], options);
  const walked = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Walked);
  return code === 0 ? walked : [...walked, { step: 'the walk itself', failed: stderr }];
};

describe("Docker's client libraries, on three engines under Tutti and on one plain engine", () => {
  let pair: Pair;
  before(async () => {
    pair = await startPair();
  });
  after(async () => {
    await pair[Symbol.asyncDispose]();
  });

  type Take = (side: Side, about?: ReadonlySet<string>) => Promise<readonly Walked[]>;
  const assertSame = async (t: TestContext, take: Take): Promise<void> => {
    const walkAndWipe = async (side: Side, about?: ReadonlySet<string>): Promise<readonly Walked[]> => {
      const walked = await take(side, about);
      await wipe(side);
      return walked;
    };
    await assertAlike(
      t,
      async (about) => {
        const [tutti, plain] = await Promise.all([walkAndWipe(pair.tutti, about), walkAndWipe(pair.plain, about)]);
        return compareWalks(tutti, plain);
      },
      formatWalk,
    );
  };

  test('dockerode', async (t) => {
    await assertSame(t, (side, about) => walkAll(new Docker({ socketPath: side.socket }), walk, about));
  });

  test('python3-docker', { skip: missing }, async (t) => {
    await assertSame(t, walkPython);
  });

  test('what went over the wire is as the specification says, or as the engine does it too', () => {
    const plain = new Set(pair.plain.inspector.violations.map(keyOf));
    const own = unexcused(pair.tutti.inspector.violations).filter((violation) => !plain.has(keyOf(violation)));
    assert.deepEqual(own.map(keyOf), []);
  });
});
