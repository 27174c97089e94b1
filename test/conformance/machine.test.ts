import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { down } from '../../src/dev/down.ts';
import { defaultBases, layoutCluster, layoutNode, netnsPath } from '../../src/dev/layout.ts';
import type { NodeLayout } from '../../src/dev/layout.ts';
import { systemSpawn } from '../../src/dev/spawn.ts';
import { up } from '../../src/dev/up.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { dockerCommands } from '../support/docker.ts';
import { writeTinyImage } from '../support/image.ts';
import { until } from '../support/until.ts';
import { run } from './cli.ts';
import type { Ran } from './cli.ts';

const program = fileURLToPath(new URL('../../tutti', import.meta.url));
const name = `own-${process.pid}`;
const cluster = layoutCluster(name, defaultBases);
const nodes = ['node1', 'node2'].map((node) => layoutNode(cluster, node));
const unused = async (): Promise<never> => await Promise.reject(new Error('engines only'));
const ownSocket = (node: NodeLayout): string => join(node.run, 'own.sock');

/** Runs a program as a process of the node. */
const inside = async (node: NodeLayout, ...words: readonly string[]): Promise<Ran> => {
  const namespaces = [`--net=${netnsPath(node.namespace)}`, `--mount=${node.mountPin}`, `--uts=${node.hostnamePin}`];
  return await run('nsenter', [...namespaces, '--', ...words]);
};
const serve = async (node: NodeLayout, ...more: readonly string[]): Promise<void> => {
  const { stateDirectory, runDirectory } = node.tutti;
  const places = ['--state-directory', stateDirectory, '--run-directory', runDirectory];
  const socket = ['--socket', ownSocket(node), '--engine', `unix://${node.engine.socket}`];
  const { code, stderr } = await inside(node, program, 'serve', ...socket, ...places, ...more);
  assert.equal(code, 0, stderr);
};

describe("a machine's own socket", { skip: dockerCommands.length === 0 && 'no docker command here' }, () => {
  let home = '';
  let image = '';
  const docker = async (docker: string, host: string, words: readonly string[], input?: string): Promise<Ran> =>
    await run(docker, words, {
      environment: { DOCKER_HOST: host, HOME: home },
      ...(input !== undefined && { input }),
    });

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'tutti-own-'));
    await up(
      {
        exec: systemExec,
        spawn: systemSpawn,
        path: process.env['PATH'] ?? '',
        member: { init: unused, join: unused, start: unused },
        report: () => undefined,
      },
      defaultBases,
      { name, nodes: 2, managers: 1, agents: false, nat: false, engineArguments: [] },
    );
    const archive = join(home, 'tiny.tar');
    image = (await writeTinyImage(archive)).tag;
    for (const node of nodes) {
      await serve(node);
      const { code, stderr } = await run('docker', ['-H', `unix://${ownSocket(node)}`, 'load', '-i', archive]);
      assert.equal(code, 0, stderr);
    }
  });
  after(async () => {
    for (const node of nodes) await serve(node, '--stop').catch(() => undefined);
    await down(systemExec, cluster);
    await rm(home, { recursive: true, force: true });
  });

  for (const path of dockerCommands) {
    describe(path, () => {
      const [first, second] = nodes as [NodeLayout, NodeLayout];
      const on = async (node: NodeLayout, ...words: readonly string[]): Promise<Ran> =>
        await docker(path, `unix://${ownSocket(node)}`, words);
      const ok = async (node: NodeLayout, ...words: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await on(node, ...words);
        assert.equal(code, 0, `docker ${words.join(' ')}: ${stderr}${stdout}`);
        return stdout.trim();
      };
      const state = async (node: NodeLayout): Promise<string> =>
        await ok(node, 'info', '--format', '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}');

      test('is the plain engine at first: the same words, streams that are taken over, exit codes', async () => {
        const plain = `unix://${first.engine.socket}`;
        const own = `unix://${ownSocket(first)}`;
        for (const words of [
          ['version', '--format', '{{.Server.Version}} {{.Server.Platform.Name}}'],
          ['info', '--format', '{{.ID}} {{.Swarm.LocalNodeState}}'],
          ['images', '-q'],
          ['inspect', 'nothing'],
          ['node', 'ls'],
          ['swarm', 'leave'],
          ['run', '--rm', image, 'sh', '-c', 'echo out; echo err >&2; exit 7'],
        ]) {
          assert.deepEqual(await docker(path, own, words), await docker(path, plain, words), words.join(' '));
        }
        const echoed = await docker(path, own, ['run', '-i', '--rm', image, 'cat'], 'over the taken connection\n');
        assert.deepEqual([echoed.code, echoed.stdout], [0, 'over the taken connection\n']);
      });

      test('docker swarm init makes a cluster, join joins it, and the sockets are the cluster and a worker', async () => {
        const made = await ok(first, 'swarm', 'init');
        assert.match(made, /Swarm initialized: current node \(\w+\) is now a manager/);
        assert.equal(await state(first), 'active true');
        const again = await on(first, 'swarm', 'init');
        assert.match(again.stderr, /This node is already part of a swarm/);
        const token = await ok(first, 'swarm', 'join-token', '-q', 'worker');
        const [, address = ''] = /--token \S+ (\S+)/.exec(made) ?? [];
        assert.match(await ok(second, 'swarm', 'join', '--token', token, address), /joined a swarm as a worker/);
        assert.equal(await state(second), 'active false');
        assert.match((await on(second, 'node', 'ls')).stderr, /This node is not a swarm manager/);
        assert.match(await ok(second, 'images', '-q'), /\w/);
        await until(
          'both nodes are ready',
          () => ok(first, 'node', 'ls', '--format', '{{.Hostname}} {{.Status}}'),
          (list) => /node1 Ready/.test(list) && /node2 Ready/.test(list),
        );
        await ok(first, 'service', 'create', '--quiet', '--name', 'web', '--mode', 'global', image);
        // The worker's socket is its engine: the task's container is there.
        assert.match(await ok(second, 'ps', '--format', '{{.Names}}'), /web/);
        await ok(first, 'service', 'rm', 'web');
      });

      test('docker swarm leave gives the plain engines back', async () => {
        await ok(second, 'swarm', 'leave');
        assert.equal(await state(second), 'inactive false');
        assert.match((await on(first, 'swarm', 'leave')).stderr, /Removing the last manager erases all current state/);
        await ok(first, 'swarm', 'leave', '--force');
        assert.equal(await state(first), 'inactive false');
        assert.deepEqual(
          [await ok(first, 'ps', '-aq'), await ok(second, 'ps', '-aq')],
          ['', ''],
          'nothing of the cluster stays',
        );
      });

      test('what cannot be is refused before anything is made', async () => {
        for (const [words, reason] of [
          [['init', '--data-path-port', '5000'], /4797/],
          [['init', '--advertise-addr', '203.0.113.9'], /no address and no interface of this machine/],
          [['join', '--token', 'SWMTKN-1-x', '10.0.0.1'], /not valid/],
        ] as const) {
          const { code, stderr } = await on(first, 'swarm', ...words);
          assert.equal(code, 1);
          assert.match(stderr, reason);
        }
        assert.equal(await state(first), 'inactive false');
      });
    });
  }
});
