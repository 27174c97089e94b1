import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { layoutNode } from '../../src/dev/layout.ts';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { dockerCommands } from '../support/docker.ts';
import { until } from '../support/until.ts';
import { run } from './cli.ts';
import type { Ran } from './cli.ts';

const program = fileURLToPath(new URL('../../tutti', import.meta.url));

let cluster: TestCluster;
let home: string;
before(async () => {
  cluster = await startCluster({ nodes: 2, managers: 1, images: 'tiny' });
  home = await mkdtemp(join(tmpdir(), 'tutti-swarm-'));
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const tutti = async (...words: readonly string[]): Promise<Ran> =>
  await run(program, ['--host', cluster.endpoint, ...words], { environment: { HOME: home } });
const states = async (): Promise<string> =>
  await cluster.docker('node', 'ls', '--format', '{{.Hostname}} {{.Status}} {{.TLSStatus}}');
const bothReady = async (): Promise<void> => {
  await until('both nodes are ready', states, (text) => text.match(/Ready Ready/g)?.length === 2);
};
const stateDirectory = (node: string): string => layoutNode(cluster.layout, node).tutti.stateDirectory;

describe('contexts', { skip: dockerCommands.length === 0 && 'no docker command here' }, () => {
  for (const docker of dockerCommands) {
    test(`${docker} works over TLS after "context use", until the context is removed`, async () => {
      const plain = async (...words: readonly string[]): Promise<Ran> =>
        await run(docker, words, { environment: { HOME: home } });
      const made = await tutti('context', 'create', 'prod');
      assert.match(made.stdout, /leads to tcp:\/\/10\.99\.\d+\.1:2376 until \d{4}-/);
      assert.equal((await plain('context', 'use', 'prod')).code, 0);
      assert.match((await plain('node', 'ls')).stdout, /node1 .*Leader/);
      const ran = await run(docker, ['run', '-i', '--rm', tinyTag, 'cat'], {
        environment: { HOME: home },
        input: 'both ways\n',
      });
      assert.deepEqual([ran.code, ran.stdout], [0, 'both ways\n'], ran.stderr);
      const remote = await run(program, ['--context', 'prod', 'nodes'], { environment: { HOME: home } });
      assert.match(remote.stdout, /node1 +ready/, remote.stderr);
      assert.equal((await tutti('context', 'create', 'prod')).code, 4, 'it is there already');
      assert.equal((await tutti('context', 'renew', 'prod', '--valid', '1h')).code, 0);
      assert.equal((await plain('node', 'ls')).code, 0);
      const following = plain('events');
      await until(
        'the context is listed',
        () => tutti('context', 'ls'),
        ({ stdout }) => /prod \(.* in \d+ min/.test(stdout),
      );
      const key = await readFile(join(home, '.docker', 'config.json'), 'utf8');
      assert.match(key, /"currentContext": "prod"/);
      assert.equal((await plain('context', 'use', 'default')).code, 0);
      assert.equal((await tutti('context', 'rm', 'prod')).code, 0);
      assert.notEqual((await following).code, 0, 'its open connections end');
    });
  }

  test("a node's certificate and none at all do not open the API", async () => {
    const { address } = cluster.nodes[0] ?? assert.fail();
    const directory = stateDirectory('node1');
    const [ca, pem] = await Promise.all(['ca.crt', 'node.pem'].map((name) => readFile(join(directory, name), 'utf8')));
    const ask = async (more: object): Promise<number | undefined> =>
      await new Promise((resolve, reject) => {
        const sent = request({ host: address, port: 2376, path: '/info', ca, agent: false, ...more }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        sent.once('error', reject).end();
      });
    assert.equal(await ask({ cert: pem, key: pem }), 403);
    await assert.rejects(ask({}));
  });
});

describe('a locked manager', () => {
  test('waits for its key after it was killed, while the tasks run on, and goes on with it', async () => {
    await cluster.docker('service', 'create', '-q', '--name', 'on', '--mode', 'global', tinyTag);
    await cluster.docker('swarm', 'update', '--autolock=true');
    const key = (await cluster.docker('swarm', 'unlock-key', '-q')).trim();
    const kept = join(stateDirectory('node1'), 'manager', 'store.key');
    await until(
      'the key is sealed',
      () => readFile(kept, 'utf8'),
      (text) => text.startsWith('locked:'),
    );
    const { runDirectory } = layoutNode(cluster.layout, 'node1').tutti;
    process.kill(Number(await readFile(join(runDirectory, 'manager.pid'), 'utf8')), 'SIGKILL');
    await until(
      'it says that it is locked',
      () => cluster.tryDocker('info', '--format', '{{.Swarm.LocalNodeState}}'),
      ({ stdout }) => stdout.includes('locked'),
    );
    assert.match((await cluster.tryDocker('service', 'ls')).stderr, /needs to be unlocked/);
    const unlock = async (text: string): Promise<Ran> =>
      await run('docker', ['--host', cluster.endpoint, 'swarm', 'unlock'], { input: `${text}\n` });
    assert.match((await unlock('SWMKEY-1-wrong')).stderr, /invalid key provided/);
    assert.equal((await unlock(key)).code, 0);
    await bothReady();
    assert.match(await cluster.docker('service', 'ls', '--format', '{{.Name}} {{.Replicas}}'), /on 2\/2/);
    await cluster.docker('swarm', 'update', '--autolock=false');
    await until(
      'the key is open again',
      () => readFile(kept, 'utf8'),
      (text) => !text.startsWith('locked:'),
    );
  });
});

describe('another authority', () => {
  test('a node that is off holds the rotation up; back on, it comes along, and everything goes on', async () => {
    await bothReady();
    const before = await cluster.docker('swarm', 'ca');
    await cluster.powerOff('node2');
    await cluster.docker('swarm', 'ca', '--rotate', '--detach');
    const running = async (): Promise<string> =>
      (await cluster.docker('info', '--format', '{{.Swarm.Cluster.RootRotationInProgress}}')).trim();
    assert.equal(await running(), 'true');
    await cluster.powerOn('node2');
    await until('the rotation is over', running, (text) => text === 'false', { deadlineMs: 60_000 });
    const after = await cluster.docker('swarm', 'ca');
    assert.notEqual(after, before);
    for (const node of ['node1', 'node2']) {
      assert.equal((await readFile(join(stateDirectory(node), 'ca.crt'), 'utf8')).trim(), after.trim());
    }
    await bothReady();
    // With its new certificate, after a restart.
    await cluster.powerOff('node2');
    await cluster.powerOn('node2');
    await bothReady();
  });
});

describe('a node that is gone', () => {
  test('its tasks say so, their logs end, and what was lost with it is told as lost', async () => {
    await bothReady();
    const say = 'i=0; while true; do echo tick$i; i=$((i+1)); sleep 1; done';
    await cluster.docker('service', 'create', '-q', '--name', 'talk', '--replicas', '2', tinyTag, 'sh', '-c', say);
    const tasks = async (): Promise<string> =>
      await cluster.docker(
        'service',
        'ps',
        'talk',
        '--no-trunc',
        '--format',
        '{{.ID}} {{.Node}} {{.CurrentState}} {{.Error}}',
      );
    const [, id = ''] = /^(\w+) node2 /m.exec(await tasks()) ?? [];
    const logs = cluster.tryDocker('service', 'logs', '-f', '--tail', '1', id);
    await cluster.powerOff('node2');
    assert.equal((await logs).code, 0, 'the logs of its task end by themselves');
    assert.match(await tasks(), /node2 Running .* "node2 is down"/);
    await cluster.powerOn('node2');
    await until('what was lost is told as lost', tasks, (text) => /node2 Failed .*"lost when its node/.test(text));
  });
});
