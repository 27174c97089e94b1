import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createApi } from '../../src/api/server.ts';
import { loadProject, toStack } from '../../src/compose/load.ts';
import { formatProblem } from '../../src/compose/source/problem.ts';
import { TestCluster } from '../../src/manager/testing/cluster.ts';
import type { Log } from '../../src/platform/ports.ts';

const run = promisify(execFile);
const silence: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silence };
const directory = fileURLToPath(new URL('stack', import.meta.url));

/** A manager in memory behind a socket that the docker CLI is pointed at. */
async function openCluster() {
  await using resources = new AsyncDisposableStack();
  const cluster = resources.use(await TestCluster.start({ nodes: 0 }));
  await cluster.addNode('node1', { role: 'manager' });
  await cluster.settle();
  const { clock, manager } = cluster;
  const random = { id: () => 'abcdefghijklmnopqrstuvwxy', number: () => 0.5 };
  const api = createApi({ manager, clock, random, version: '0.1.0', log: silence });
  const home = await mkdtemp(join(tmpdir(), 'tutti-stack-'));
  resources.defer(() => rm(home, { recursive: true }));
  const socket = join(home, 'docker.sock');
  const server = createServer(api.listener);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  resources.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run('docker', ['-H', `unix://${socket}`, ...args], { cwd: directory, timeout: 30_000 });
    await cluster.settle();
    return stdout;
  };
  const owned = resources.move();
  return { cluster, docker, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function ourStack() {
  const loaded = await loadProject(
    ['compose.yaml'],
    { workingDirectory: directory, environment: {}, projectName: 'app', signal: AbortSignal.timeout(10_000) },
    { readFile: (path, signal) => readFile(path, { signal }).catch(() => undefined) },
  );
  assert.ok(loaded.kind === 'loaded', loaded.kind === 'invalid' ? loaded.errors.map(formatProblem).join('\n') : '');
  return toStack(loaded.project).stack;
}

test('the docker CLI and tutti make the same of a file, in turns, and either takes it down whole', async () => {
  await using host = await openCluster();
  const { commands, queries } = host.cluster.manager;
  const stack = await ourStack();
  const differing = async () =>
    (await commands.planStack(stack, { prune: true })).actions.filter(({ kind }) => kind !== 'unchanged');

  await host.docker('stack', 'deploy', '-c', 'compose.yaml', 'app');
  assert.deepEqual(await differing(), []);

  const before = queries.services().map(({ service }) => [service.spec.name, service.specVersion]);
  await commands.applyStack(stack, { prune: true });
  await host.docker('stack', 'deploy', '--prune', '-c', 'compose.yaml', 'app');
  assert.deepEqual(
    queries.services().map(({ service }) => [service.spec.name, service.specVersion]),
    before,
  );
  assert.deepEqual(await differing(), []);

  assert.match(await host.docker('stack', 'ls'), /^app\s+3/m);
  await host.docker('stack', 'rm', 'app');
  assert.deepEqual(queries.services(), []);
  assert.deepEqual([...queries.secrets(), ...queries.configs()], []);

  await commands.applyStack(stack, { prune: true });
  assert.match(await host.docker('stack', 'services', '--format', '{{.Name}}', 'app'), /^app_web$/m);
  await commands.removeStack('app');
  assert.doesNotMatch(await host.docker('network', 'ls', '--format', '{{.Name}}'), /^app_/m);
});
