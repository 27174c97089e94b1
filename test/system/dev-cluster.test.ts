import assert from 'node:assert/strict';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { down } from '../../src/dev/down.ts';
import { layoutCluster, layoutNode } from '../../src/dev/layout.ts';
import { describeCluster } from '../../src/dev/list.ts';
import { powerOff, powerOn, switchLink } from '../../src/dev/power.ts';
import { run } from '../../src/dev/run.ts';
import { systemSpawn } from '../../src/dev/spawn.ts';
import { clusterNames, readState } from '../../src/dev/state.ts';
import { up } from '../../src/dev/up.ts';
import type { UpOptions, UpPorts } from '../../src/dev/up.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { writeTinyImage } from '../support/image.ts';
import { until } from '../support/until.ts';

const unused = async (): Promise<never> => await Promise.reject(new Error('engines only'));
const ports: UpPorts = {
  exec: systemExec,
  spawn: systemSpawn,
  path: process.env.PATH ?? '',
  member: { init: unused, join: unused, start: unused },
  report: () => undefined,
};
const name = `t${process.pid}`;
const options: UpOptions = { name, nodes: 2, managers: 1, agents: false, nat: false, engineArguments: [] };

/** Everything of the cluster that this machine has: empty when nothing is left behind. */
async function traces(root: string): Promise<readonly string[]> {
  const found = await Promise.all([
    systemExec('ip', ['netns', 'list']),
    systemExec('mount', []),
    systemExec('ps', ['-eo', 'args']),
    systemExec('find', ['/sys/fs/cgroup', '-name', `tutti-dev-${name}`]),
  ]);
  const marks = [`tutti-${name}`, `tutti-dev-${name}`, `${root}/`];
  const lines = found.flatMap((result) => result.stdout.split('\n'));
  return lines.filter((line) => !line.startsWith('find ') && marks.some((mark) => line.includes(mark)));
}

describe('a development cluster, engines only', () => {
  let root = '';
  let bases = { dataDirectory: '', runDirectory: '' };
  const cluster = () => layoutCluster(name, bases);
  const docker = async (node: string, ...args: readonly string[]): Promise<string> =>
    (await run(systemExec, ['docker', '-H', `unix://${layoutNode(cluster(), node).engine.socket}`, ...args])).trim();
  const reaches = async (from: string, address: string): Promise<boolean> => {
    const { namespace } = layoutNode(cluster(), from);
    // Nothing listens there: 7 is curl's word for a refusal, which came back over the link.
    return (await systemExec('ip', ['netns', 'exec', namespace, 'curl', '-sm1', `http://${address}:9`])).code === 7;
  };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'tutti-dev-'));
    bases = { dataDirectory: join(root, 'data'), runDirectory: join(root, 'run') };
    await up(ports, bases, options);
    const archive = join(root, 'tiny.tar');
    const image = await writeTinyImage(archive);
    for (const node of ['node1', 'node2']) await docker(node, 'load', '-q', '-i', archive);
    for (const node of ['node1', 'node2']) {
      await docker(
        node,
        'run',
        '-d',
        '--restart=always',
        '--name',
        'sleeper',
        image.tag,
        'sleep',
        `7654${process.pid}`,
      );
    }
  });

  after(async () => {
    await down(systemExec, cluster());
    await rm(root, { recursive: true, force: true });
  });

  const sleepers = async (): Promise<number> => {
    const { stdout } = await systemExec('ps', ['-eo', 'args']);
    return stdout.split('\n').filter((line) => line === `sleep 7654${process.pid}`).length;
  };

  test('nodes are machines of their own', async () => {
    assert.equal(await docker('node1', 'info', '-f', '{{.Name}}'), 'node1');
    assert.notEqual(await docker('node1', 'info', '-f', '{{.ID}}'), await docker('node2', 'info', '-f', '{{.ID}}'));
    const report = await describeCluster(systemExec, cluster(), await readState(cluster()));
    assert.deepEqual(
      report.nodes.map((node) => [node.name, node.role, node.power, node.link, node.answers]),
      [
        ['node1', 'manager', 'on', 'up', true],
        ['node2', 'worker', 'on', 'up', true],
      ],
    );
    assert.equal((await systemExec('curl', ['-sm1', `http://${report.nodes[1]?.address}:9`])).code, 7);
  });

  test('a second cluster of the same name is refused and the first goes on', async () => {
    await assert.rejects(up(ports, bases, options), { code: 'already-exists' });
    assert.equal(await sleepers(), 2);
  });

  test('a cut link is silent and heals', async () => {
    const address = (await readState(cluster())).nodes[1]?.address ?? '';
    await until('reachable', () => reaches('node1', address), Boolean);
    await switchLink(systemExec, cluster(), 'node2', 'down');
    assert.equal(await reaches('node1', address), false);
    assert.equal(await docker('node2', 'ps', '-q', '--no-trunc').then((ids) => ids.length), 64);
    await switchLink(systemExec, cluster(), 'node2', 'up');
    await until('reachable again', () => reaches('node1', address), Boolean);
  });

  test('a power-off kills everything of the node, and only of it; a power-on finds the disk as it was', async () => {
    const id = await docker('node2', 'info', '-f', '{{.ID}}');
    await powerOff(systemExec, cluster(), 'node2');
    assert.equal(await sleepers(), 1);
    assert.deepEqual(
      (await traces(root)).filter((line) => line.includes('node2')),
      [],
    );
    await powerOff(systemExec, cluster(), 'node2');
    await assert.rejects(switchLink(systemExec, cluster(), 'node2', 'down'), { code: 'conflict' });
    await powerOn(ports, cluster(), 'node2');
    assert.equal(await docker('node2', 'info', '-f', '{{.ID}}'), id);
    await until('restarted by the engine', sleepers, (count) => count === 2);
    await assert.rejects(powerOn(ports, cluster(), 'node2'), { code: 'conflict' });
  });

  test('down leaves nothing, also of a cluster whose state is lost', async () => {
    const { subnet } = await readState(cluster());
    await powerOff(systemExec, cluster(), 'node1');
    await rm(cluster().stateFile);
    assert.equal(await down(systemExec, cluster()), true);
    assert.deepEqual(await traces(root), []);
    assert.notEqual((await systemExec('ip', ['link', 'show', `tutti-${subnet}`])).code, 0);
    await assert.rejects(access(bases.runDirectory));
    assert.equal(await down(systemExec, cluster()), false);
  });
});

describe('a development cluster that does not come up', () => {
  const failing = async (changes: Partial<UpOptions>): Promise<{ readonly error: unknown; readonly left: unknown }> => {
    const root = await mkdtemp(join(tmpdir(), 'tutti-dev-'));
    const bases = { dataDirectory: join(root, 'data'), runDirectory: join(root, 'run') };
    try {
      const error = await up(ports, bases, { ...options, ...changes }).catch((thrown: unknown) => thrown);
      return { error, left: [...(await clusterNames(bases)), ...(await traces(root))] };
    } finally {
      await down(systemExec, layoutCluster(name, bases));
      await rm(root, { recursive: true, force: true });
    }
  };

  test('an engine that ends at once: its log is told and nothing is left', async () => {
    const { error, left } = await failing({ engineArguments: ['--no-such-flag'] });
    assert.match(String(error), /dockerd ended .*no-such-flag/s);
    assert.deepEqual(left, []);
  });

  test('an interruption leaves nothing', async () => {
    const { error, left } = await failing({ signal: AbortSignal.timeout(300) });
    assert.match(String(error), /timeout/i);
    assert.deepEqual(left, []);
  });

  test('a directory without dockerd is refused', async () => {
    const { error, left } = await failing({ enginePath: '/nonexistent' });
    assert.match(String(error), /no dockerd in \/nonexistent/);
    assert.deepEqual(left, []);
  });

  test('the interfaces that these clusters had are gone', async () => {
    const routes = await readFile('/proc/net/route', 'utf8');
    const { stdout } = await systemExec('ip', ['-br', 'link']);
    assert.ok(routes.length > 0 && !/^tutti-\d+-sw/m.test(stdout), stdout);
  });
});
