import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import type { Daemon } from './launcher.ts';
import { createSupervisor } from './supervisor.ts';
import { waitUntil } from '../wait.ts';

const waitMs = 15_000;
const isRoot = process.getuid?.() === 0;

const setUp = async (script: string, more: Partial<Daemon> = {}) => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-supervisor-'));
  const daemon: Daemon = {
    name: 'agent',
    command: ['/bin/sh', '-c', script, directory],
    environment: { GREETING: 'hello' },
    stateDirectory: directory,
    runDirectory: join(directory, 'run'),
    logFile: join(directory, 'agent.log'),
    ...more,
  };
  const launcher = createSupervisor({ clock: systemClock });
  const until = async (condition: () => Promise<boolean>) =>
    assert.ok(await waitUntil(systemClock, condition, waitMs), 'waited in vain');
  return {
    daemon,
    launcher,
    until,
    log: async () => await readFile(daemon.logFile, 'utf8').catch(() => ''),
    [Symbol.asyncDispose]: async () => {
      await launcher.stop(daemon);
      await rm(directory, { recursive: true });
    },
  };
};

test('a daemon that is killed is started again at once, and stops when it is told', async () => {
  await using one = await setUp('trap "echo bye; exit 0" TERM; echo "$GREETING"; while :; do sleep 0.05; done');
  await one.launcher.start(one.daemon);
  const first = await one.launcher.running(one.daemon);
  assert.ok(first);
  await one.launcher.start(one.daemon);
  assert.equal(await one.launcher.running(one.daemon), first);
  await one.until(async () => (await one.log()).includes('hello'));
  process.kill(first, 'SIGKILL');
  await one.until(async () => {
    const now = await one.launcher.running(one.daemon);
    return now !== undefined && now !== first;
  });
  await one.until(async () => (await one.log()).split('hello').length === 3);
  assert.match(await one.log(), /code=137 pause=0s/);
  await one.launcher.stop(one.daemon);
  assert.equal(await one.launcher.running(one.daemon), undefined);
  assert.match(await one.log(), /bye/);
});

test('one that goes before others does, also where sessions share the processor', { skip: !isRoot }, async () => {
  const script = 'echo "niceness $(nice)"; cat /proc/$$/autogroup; echo known; while :; do sleep 0.05; done';
  await using one = await setUp(script, { niceness: -10 });
  await one.launcher.start(one.daemon);
  await one.until(async () => (await one.log()).includes('known'));
  const wanted = getPriority() - 10;
  const log = await one.log();
  assert.match(log, new RegExp(`^niceness ${wanted}$`, 'm'));
  if (existsSync('/proc/self/autogroup')) assert.match(log, new RegExp(` nice ${wanted}$`, 'm'));
});

test('one that keeps dying is started with growing pauses, and can be stopped in one', async () => {
  await using one = await setUp('exit 3');
  await one.launcher.start(one.daemon).catch(() => undefined);
  await one.until(async () => (await one.log()).includes('code=3 pause=1s'));
  await one.launcher.stop(one.daemon);
  const log = await one.log();
  assert.ok(log.split('code=3').length <= 6, log);
});

test('a daemon whose supervisor was killed is replaced', async () => {
  await using one = await setUp('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
  await one.launcher.start(one.daemon);
  await one.until(async () => (await one.log()).includes('ready'));
  const orphan = await one.launcher.running(one.daemon);
  const supervisor = Number(await readFile(join(one.daemon.runDirectory, 'agent.pid.supervisor'), 'utf8'));
  process.kill(supervisor, 'SIGKILL');
  // A signal is on its way for a moment; what is dead has no command line, or is no more.
  await one.until(async () => (await readFile(`/proc/${supervisor}/cmdline`, 'utf8').catch(() => '')) === '');
  await one.launcher.start(one.daemon);
  const next = await one.launcher.running(one.daemon);
  assert.ok(next !== undefined && next !== orphan);
  assert.match(await one.log(), /bye/);
});
