import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { down } from '../../src/dev/down.ts';
import { defaultBases, layoutCluster } from '../../src/dev/layout.ts';
import { describeCluster } from '../../src/dev/list.ts';
import { switchLink } from '../../src/dev/power.ts';
import { up } from '../../src/dev/up.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { ports } from '../e2e/lib/cluster.ts';
import { dockerCommands } from '../support/docker.ts';
import { writeTinyImage } from '../support/image.ts';
import { until } from '../support/until.ts';
import type { Ran } from './cli.ts';
import { run } from './cli.ts';
import { registryProgram, startRegistry } from './lib/registry.ts';
import type { Registry } from './lib/registry.ts';

const debian = '/usr/bin/docker';
const finder = join(import.meta.dirname, '../../scripts/compose-plugin.sh');
const compose = spawnSync(finder, ['--there'], { encoding: 'utf8' }).stdout.trim();
const cluster = `images-${process.pid}`;
const layout = layoutCluster(cluster, defaultBases);
const registryPort = 5000;

describe('images over three engines', { skip: dockerCommands.length === 0 && 'no docker command here' }, () => {
  const [program = ''] = dockerCommands;
  let endpoint = '';
  let address = '';
  let directory = '';
  const engines = new Map<string, string>();

  const at = async (
    host: string,
    line: string,
    more: Parameters<typeof run>[2] & { program?: string } = {},
  ): Promise<Ran> =>
    await run(more.program ?? program, line.split(' '), {
      cwd: directory,
      ...more,
      environment: { DOCKER_HOST: host, HOME: directory, DOCKER_BUILDKIT: '0', ...more.environment },
    });
  const ok = async (line: string, more: Parameters<typeof at>[2] = {}): Promise<string> => {
    const { code, stdout, stderr } = await at(endpoint, line, more);
    assert.equal(code, 0, `docker ${line}: ${stderr}${stdout}`);
    return stdout;
  };
  const fails = async (line: string, reason: RegExp): Promise<void> => {
    const { code, stderr } = await at(endpoint, line);
    assert.notEqual(code, 0, `docker ${line} went well`);
    assert.match(stderr, reason);
  };
  /** The command against one node's own engine. */
  const on = async (node: string, line: string): Promise<string> => {
    const { code, stdout, stderr } = await at(engines.get(node) ?? '', line);
    assert.equal(code, 0, `docker ${line} on ${node}: ${stderr}`);
    return stdout;
  };
  const nodesWith = async (image: string): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const [node, host] of engines) if ((await at(host, `image inspect ${image}`)).code === 0) found.push(node);
    return found;
  };
  /** An image that only one engine has. */
  const only = async (node: string, tag: string, variant: string): Promise<string> => {
    const path = join(directory, 'only.tar');
    const { id } = await writeTinyImage(path, tag, variant);
    await on(node, `load -q -i ${path}`);
    return id;
  };
  const context = async (files: Readonly<Record<string, string>>): Promise<void> => {
    const path = join(directory, 'context');
    await rm(path, { recursive: true, force: true });
    await mkdir(path);
    for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tutti-images-'));
    const state = await up(ports, defaultBases, {
      name: cluster,
      nodes: 3,
      managers: 1,
      agents: true,
      nat: false,
      engineArguments: ['--insecure-registry=10.0.0.0/8'],
    });
    const report = await describeCluster(systemExec, layout, state);
    endpoint = report.docker ?? '';
    address = (report.nodes[0]?.address ?? '').replace(/\.\d+$/, '.253');
    for (const { name, engine } of report.nodes) engines.set(name, engine);
  });
  after(async () => {
    await down(systemExec, layout);
    await rm(directory, { recursive: true, force: true });
  });

  test('what only one node has runs on every node, by name and by id', async () => {
    const id = await only('node2', 'lonely:1', 'lonely');
    for (const node of ['node1', 'node2', 'node3']) {
      assert.equal(await ok(`run --rm -e constraint:node==${node} lonely:1 cat /etc/variant`), 'lonely');
    }
    assert.deepEqual(await nodesWith('lonely:1'), ['node1', 'node2', 'node3']);
    assert.equal((await on('node3', 'image inspect lonely:1 --format {{.Id}}')).trim(), id);
    const byId = await only('node3', 'byid:1', 'by id');
    assert.equal(await ok(`run --rm -e constraint:node==node1 ${byId} cat /etc/variant`), 'by id');
    await ok('rmi lonely:1 byid:1');
    await ok(`rmi ${byId}`);
    assert.deepEqual(await nodesWith('lonely:1'), []);
  });

  test('a service runs on all nodes with an image that one of them has', async () => {
    await only('node3', 'served:1', 'served');
    await ok('service create --name served --detach --mode global served:1');
    await until(
      'three tasks run',
      () => ok('service ps served --filter desired-state=running --format {{.CurrentState}}'),
      (text) => (text.match(/Running/g) ?? []).length === 3,
    );
    assert.deepEqual(await nodesWith('served:1'), ['node1', 'node2', 'node3']);
    await ok('service rm served');
    await until(
      'no container is left',
      () => ok('ps -aq'),
      (text) => text === '',
    );
    await ok('rmi served:1');
  });

  test('list, inspect, tag, history, remove and prune are over all nodes', async () => {
    const a = await only('node1', 'app:a', 'a');
    await only('node2', 'app:a', 'a');
    await on('node2', 'tag app:a other:a');
    await only('node3', 'app:b', 'b');
    const list = await ok('images --format {{.Repository}}:{{.Tag}}');
    assert.deepEqual(list.trim().split('\n').toSorted(), ['app:a', 'app:b', 'other:a']);
    assert.equal(await ok('images -q --filter node=node3 --no-trunc --filter reference=*:a'), '');
    assert.equal(await ok('images --filter reference=app --format {{.Tag}} --filter node=node3'), 'b\n');
    const tags = JSON.parse(await ok('image inspect app:a --format {{.RepoTags|json}}')) as string[];
    assert.deepEqual(tags.toSorted(), ['app:a', 'other:a']);
    assert.match(await ok('history app:b'), /tutti test image/);
    await ok('tag app:a moved:1');
    assert.deepEqual(await nodesWith('moved:1'), ['node1', 'node2']);
    // The name means another image from here on, wherever it was in use.
    await ok('tag app:b moved:1');
    assert.deepEqual(await nodesWith('moved:1'), ['node1', 'node2', 'node3']);
    assert.equal((await on('node1', 'run --rm moved:1 cat /etc/variant')).trim(), 'b');
    await fails('rmi missing:1', /No such image: missing:1/);
    await fails('image inspect missing:1', /No such image: missing:1/i);
    await ok('run -d --name uses -e constraint:node==node2 app:a');
    await ok('rmi other:a');
    await fails('rmi app:a', /container \w+ is using/);
    assert.deepEqual(await nodesWith('app:a'), ['node1', 'node2']);
    await ok('rm -f uses');
    assert.match(await ok('rmi app:a'), new RegExp(`Untagged: app:a\\nDeleted: ${a}`));
    assert.match(await ok('image prune -a -f'), /Total reclaimed space: [1-9]/);
    assert.equal(await ok('images -aq'), '');
  });

  test('load goes to every node, save and import come from where they are', async () => {
    const path = join(directory, 'load.tar');
    await writeTinyImage(path, 'loaded:1', 'loaded');
    assert.equal(await ok(`load -i ${path}`), 'Loaded image: loaded:1\n');
    assert.deepEqual(await nodesWith('loaded:1'), ['node1', 'node2', 'node3']);
    await only('node1', 'one:1', 'one');
    await only('node3', 'three:1', 'three');
    await ok('save -o saved.tar one:1 three:1');
    await ok('rmi one:1 three:1');
    await ok('load -q -i saved.tar');
    assert.deepEqual(await nodesWith('one:1'), ['node1', 'node2', 'node3']);
    assert.deepEqual(await nodesWith('three:1'), ['node1', 'node2', 'node3']);
    await writeFile(join(directory, 'rubbish.tar'), 'this is no archive');
    await fails('load -i rubbish.tar', /./);
    await ok('image import saved.tar imported:1');
    assert.equal((await nodesWith('imported:1')).length, 1);
    assert.equal(await ok('images -q imported:1 --format {{.Tag}}'), '1\n');
    await ok('rmi loaded:1 one:1 three:1 imported:1');
  });

  for (const builder of dockerCommands) {
    test(`a classic build with ${builder}: its base from another node, its image on every node`, async () => {
      await only('node2', 'base:2', 'base');
      await only('node3', 'base:3', 'base');
      await context({
        Dockerfile: 'ARG N\nFROM base:$N\nARG WHO\nRUN echo built for $WHO > /data/x\nCMD ["cat", "/data/x"]\n',
      });
      for (const n of ['2', '3']) {
        const built = await ok(`build -t built:1 --build-arg N=${n} --build-arg WHO=${n} context`, {
          program: builder,
        });
        assert.match(built, /Successfully tagged built:1/);
        for (const node of engines.keys()) {
          assert.equal(await ok(`run --rm -e constraint:node==${node} built:1`), `built for ${n}\n`);
        }
      }
      assert.match(
        await ok('build -t built:1 --build-arg N=3 --build-arg WHO=3 context', { program: builder }),
        /Using cache/,
      );
      const there = await ok('build -q -t there:1 --build-arg N=3 --build-arg constraint:node==node3 context', {
        program: builder,
      });
      assert.deepEqual(await nodesWith(there.trim()), ['node3']);
      const refused = await at(endpoint, 'build --build-arg constraint:node==node9 context', { program: builder });
      assert.match(refused.stderr, /Unable to find a node that satisfies/);
      await ok('rmi built:1 there:1 base:2 base:3');
      await ok('image prune -f');
    });
  }

  test('a build with BuildKit', {
    skip: !existsSync(debian) && "Debian's docker command has BuildKit's client; it is not here",
  }, async () => {
    const buildkit = { program: debian, environment: { DOCKER_BUILDKIT: '1' } };
    await only('node2', 'base:2', 'base');
    await only('node3', 'base:3', 'base');
    for (const n of ['2', '3']) {
      await context({
        Dockerfile: `FROM base:${n}\nCOPY file /data/file\nCMD ["cat", "/data/file"]\n`,
        file: `file ${n}\n`,
      });
      const built = await at(endpoint, 'build --progress=plain -t kit:1 context', buildkit);
      assert.equal(built.code, 0, built.stderr);
      // The image was there before BuildKit looked for it.
      assert.doesNotMatch(built.stderr, /ERROR/);
      for (const node of engines.keys()) {
        assert.equal(await ok(`run --rm -e constraint:node==${node} kit:1`), `file ${n}\n`);
      }
    }
    await ok('build --progress=plain -t kit:3 --build-arg constraint:node==node3 context', buildkit);
    assert.deepEqual(await nodesWith('kit:3'), ['node3']);
    await context({ Dockerfile: 'FROM base:2\nRUN exit 3\n' });
    const failed = await at(endpoint, 'build --progress=plain context', buildkit);
    assert.notEqual(failed.code, 0);
    assert.match(failed.stderr, /exit code: 3/);
    assert.match(await ok('builder prune -af'), /Total/);
    await ok('rmi kit:1 kit:3 base:2 base:3');
  });

  test('Compose, which speaks with BuildKit by itself, builds on what only other nodes have', {
    skip: compose === '' && 'no Docker Compose here',
  }, async () => {
    const names = ['node1', 'node2', 'node3'];
    for (const node of names) await only(node, `base:${node}`, node);
    const build = (node: string) => ({
      build: { context: 'context', dockerfile_inline: `FROM base:${node}\nCMD ["cat", "/etc/variant"]\n` },
    });
    await context({
      'compose.json': JSON.stringify({ services: Object.fromEntries(names.map((node) => [node, build(node)])) }),
    });
    const plugins = join(directory, '.docker/cli-plugins');
    await mkdir(plugins, { recursive: true });
    await symlink(compose, join(plugins, 'docker-compose'));
    await ok('compose -p kit -f context/compose.json --project-directory . build', {
      environment: { DOCKER_BUILDKIT: '1' },
    });
    for (const node of names) assert.equal(await ok(`run --rm kit-${node}`), node);
    await ok(`rmi ${names.map((node) => `kit-${node} base:${node}`).join(' ')}`);
  });

  test('a client that goes ends its build', async () => {
    await only('node1', 'base:1', 'base');
    await context({ Dockerfile: 'FROM base:1\nRUN echo begun && sleep 1000\n' });
    await at(endpoint, 'build context', { until: 'begun' });
    await until(
      'no container of the build is left',
      async () => (await Promise.all([...engines.keys()].map(async (node) => await on(node, 'ps -q')))).join(''),
      (text) => text === '',
    );
    await ok('image prune -af');
  });

  test('push and pull', { skip: registryProgram === undefined && 'no docker-registry here' }, async () => {
    await using registry: Registry = await startRegistry(registryProgram ?? '', address, registryPort);
    const name = `${registry.name}/pushed:1`;
    await only('node2', name, 'pushed');
    assert.match(await ok(`push ${name}`), /digest: sha256:/);
    const digest = (await ok(`image inspect ${name} --format {{.RepoDigests}}`)).trim().slice(1, -1);
    await ok(`rmi ${name}`);
    const pulled = await ok(`pull ${name}`);
    assert.match(pulled, /node1: \w+: Pull complete/);
    assert.match(pulled, /Status: Downloaded newer image/);
    assert.deepEqual(await nodesWith(digest), ['node1', 'node2', 'node3']);
    await ok(`rmi ${name}`);
    // A service by the digest that the registry tells.
    await ok(`service create --name pulled --detach --replicas 3 ${name}`);
    assert.match(await ok('service inspect pulled --format {{.Spec.TaskTemplate.ContainerSpec.Image}}'), /@sha256:/);
    await until(
      'three tasks run',
      () => ok('service ps pulled --filter desired-state=running --format {{.CurrentState}}'),
      (text) => (text.match(/Running/g) ?? []).length === 3,
    );
    await ok('service rm pulled');
    await until(
      'no container is left',
      () => ok('ps -aq'),
      (text) => text === '',
    );
    await ok('image prune -af');
    await fails(`pull ${registry.name}/missing:1`, /not found|manifest unknown/);
  });

  test('a task whose image is named by its digest, and whose registry is gone', {
    skip: registryProgram === undefined && 'no docker-registry here',
  }, async () => {
    const registry = await startRegistry(registryProgram ?? '', address, registryPort);
    const name = `${registry.name}/kept:1`;
    try {
      await only('node2', name, 'kept');
      await ok(`push ${name}`);
      await ok(`service create --name kept --detach --replicas 0 --constraint node.hostname==node3 ${name}`);
      assert.match(await ok('service inspect kept --format {{.Spec.TaskTemplate.ContainerSpec.Image}}'), /@sha256:/);
    } finally {
      await registry[Symbol.asyncDispose]();
    }
    await ok('service scale --detach kept=1');
    await until(
      'the task runs',
      () => ok('service ps kept --format {{.Node}}={{.CurrentState}}'),
      (text) => text.includes('node3=Running'),
    );
    await ok('service rm kept');
    await until(
      'no container is left',
      () => ok('ps -aq'),
      (text) => text === '',
    );
    await ok('image prune -af');
  });

  test('a node that is cut off: its images are missing, and nothing waits for it', async () => {
    await only('node1', 'here:1', 'here');
    await only('node3', 'away:1', 'away');
    await switchLink(systemExec, layout, 'node3', 'down');
    await until(
      'the node is down',
      () => ok('node ls --format {{.Hostname}}={{.Status}}'),
      (text) => text.includes('node3=Down'),
    );
    const begun = performance.now();
    assert.equal(await ok('images --format {{.Repository}}'), 'here\n');
    await ok('tag here:1 here:2');
    await fails('image inspect away:1', /No such image/i);
    assert.ok(performance.now() - begun < 10_000);
    await switchLink(systemExec, layout, 'node3', 'up');
    await until(
      'its images are there again',
      () => ok('images --format {{.Repository}}'),
      (text) => text.includes('away'),
    );
    await ok('image prune -af');
  });
});
