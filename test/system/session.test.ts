import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { down } from '../../src/dev/down.ts';
import { layoutCluster, layoutNode } from '../../src/dev/layout.ts';
import { createMemberPort } from '../../src/dev/member-host.ts';
import { run } from '../../src/dev/run.ts';
import { systemSpawn } from '../../src/dev/spawn.ts';
import { up } from '../../src/dev/up.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { writeTinyImage } from '../support/image.ts';
import { until } from '../support/until.ts';

const name = `s${process.pid}`;
const member = new URL('../../bin/member.ts', import.meta.url).pathname;

describe('the daemons of two nodes', () => {
  let root = '';
  let bases = { dataDirectory: '', runDirectory: '' };
  let image = '';
  const cluster = () => layoutCluster(name, bases);
  const node = (which: string) => layoutNode(cluster(), which);
  const docker = async (endpoint: string, ...args: readonly string[]): Promise<string> =>
    (await run(systemExec, ['docker', '-H', `unix://${endpoint}`, ...args])).trim();
  const api = async (...args: readonly string[]) => await docker(node('node1').dockerSocket, ...args);
  const engine = async (which: string, ...args: readonly string[]) => await docker(node(which).engine.socket, ...args);
  /** Each container with the moment that it was started, over both nodes. */
  const containers = async (): Promise<readonly string[]> => {
    const found = await Promise.all(
      ['node1', 'node2'].map(async (which) => {
        const ids = (await engine(which, 'ps', '-q', '--no-trunc')).split('\n').filter(Boolean);
        if (ids.length === 0) return [];
        return (await engine(which, 'inspect', '--format', '{{.Id}} {{.State.StartedAt}}', ...ids)).split('\n');
      }),
    );
    return found.flat().toSorted();
  };
  const ready = async (count: number) =>
    await until(
      `${count} nodes ready`,
      async () => (await api('node', 'ls', '--format', '{{.Status}}')).split('\n'),
      (states) => states.length === count && states.every((state) => state === 'Ready'),
    );
  const running = async (count: number) =>
    await until(
      `${count} tasks running`,
      async () => await api('service', 'ls', '--format', '{{.Replicas}}'),
      (replicas) => replicas === `${count}/${count}`,
    );
  const pidOf = async (which: string, daemon: string): Promise<number> =>
    Number(await readFile(join(node(which).tutti.runDirectory, `${daemon}.pid`), 'utf8'));
  const ask = async (which: string, request: unknown): Promise<{ value?: unknown; error?: { code: string } }> => {
    const inside = ['ip', 'netns', 'exec', node(which).namespace];
    const [command, ...args] = [...inside, process.execPath, member];
    const { stdout } = await systemExec(command, args, { input: JSON.stringify(request), timeoutMs: 60_000 });
    return JSON.parse(stdout) as { value?: unknown; error?: { code: string } };
  };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'tutti-session-'));
    bases = { dataDirectory: join(root, 'data'), runDirectory: join(root, 'run') };
    const ports = {
      exec: systemExec,
      spawn: systemSpawn,
      path: process.env['PATH'] ?? '',
      member: createMemberPort(systemExec),
      report: () => undefined,
    };
    await up(ports, bases, { name, nodes: 2, managers: 1, agents: true, nat: false, engineArguments: [] });
    const archive = join(root, 'tiny.tar');
    ({ id: image } = await writeTinyImage(archive));
    await Promise.all(['node1', 'node2'].map(async (which) => await engine(which, 'load', '-q', '-i', archive)));
    await api(
      'service',
      'create',
      '--detach',
      '--name',
      'web',
      '--replicas',
      '4',
      image,
      'sh',
      '-c',
      'echo up; sleep 9999',
    );
    await running(4);
  });

  after(async () => {
    await down(systemExec, cluster());
    await rm(root, { recursive: true, force: true });
  });

  test('all killed at once, they come back, and no container is started again', async () => {
    const before = await containers();
    assert.equal(before.length, 4);
    const victims = [await pidOf('node1', 'manager'), await pidOf('node1', 'agent'), await pidOf('node2', 'agent')];
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    await until(
      'the manager is another process',
      () => pidOf('node1', 'manager'),
      (pid) => !victims.includes(pid),
    );
    await ready(2);
    await running(4);
    assert.deepEqual(await containers(), before);
  });

  test('what is asked after that is done: the session resumed', async () => {
    await api('service', 'scale', '--detach', 'web=6');
    await running(6);
    await api('service', 'scale', '--detach', 'web=4');
    await running(4);
  });

  test('logs come from both nodes, over the connections that the agents made', async () => {
    await until(
      'a line of each task',
      async () => (await api('service', 'logs', '--raw', 'web')).split('\n').filter((line) => line === 'up').length,
      (lines) => lines >= 4,
    );
  });

  test('an agent that is stopped leaves its containers running, and goes on when it is started', async () => {
    const before = await until('what was scaled down is gone', containers, (all) => all.length === 4);
    const { tutti: options } = node('node2');
    assert.deepEqual(await ask('node2', { action: 'stop', options }), { value: null });
    assert.deepEqual(await containers(), before);
    assert.equal((await ask('node2', { action: 'start', options })).error, undefined);
    await ready(2);
    await running(4);
  });

  test('a token that is not valid lets nobody in, and leaves nothing', async () => {
    const token = (await api('swarm', 'join-token', '-q', 'worker')).replace(/.{4}$/, '0000');
    const directories = { stateDirectory: join(root, 'x', 'state'), runDirectory: join(root, 'x', 'run') };
    const options = {
      ...directories,
      engine: `unix://${node('node2').engine.socket}`,
      managers: [await api('node', 'inspect', 'node1', '--format', '{{.Status.Addr}}')],
      token,
    };
    assert.equal((await ask('node2', { action: 'join', options })).error?.code, 'unauthenticated');
    await assert.rejects(access(directories.stateDirectory));
    assert.equal(
      (
        await ask('node2', {
          action: 'init',
          options: { ...options, stateDirectory: node('node2').tutti.stateDirectory },
        })
      ).error?.code,
      'already-exists',
    );
    await ready(2);
  });

  test('a node that leaves is not listed any more, and nothing of the cluster is left on it', async () => {
    const { tutti, namespace } = node('node2');
    const left = await ask('node2', { action: 'leave', options: { ...tutti, force: false } });
    assert.equal(left.error, undefined, JSON.stringify(left));
    await ready(1);
    assert.equal(await engine('node2', 'ps', '-aq'), '');
    const rules = await systemExec('ip', ['netns', 'exec', namespace, 'nft', 'list', 'tables']);
    assert.doesNotMatch(rules.stdout, /tutti/);
    const links = await systemExec('ip', ['-n', namespace, '-brief', 'link']);
    assert.doesNotMatch(links.stdout, /^tutti/m);
    await assert.rejects(access(tutti.stateDirectory));
    await running(4);
  });
});
