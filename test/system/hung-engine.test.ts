import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { containersOf, startOf, under } from '../e2e/lib/containers.ts';
import type { SeenContainer } from '../e2e/lib/containers.ts';
import { hangEngine } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { until } from '../support/until.ts';

const victim = 'node2';
const deadlineMs = 60_000;

/** Asks as a program in a container does. */
const question = `const { Resolver } = require('node:dns/promises');
const [, name, type] = process.argv;
const resolver = new Resolver({ timeout: 3000, tries: 1 });
resolver.setServers(['127.0.0.11']);
resolver.resolve(name, type).then((found) => console.log(JSON.stringify(found)));`;

async function lookUp(inside: readonly string[], name: string, type: string): Promise<unknown> {
  const words = [process.execPath, '-e', question, name, type];
  const { code, stdout, stderr } = await systemExec('nsenter', [...inside, ...words]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

describe('an engine hangs and comes back', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startCluster({ nodes: 2, managers: 1, images: 'tiny' });
  });
  after(async () => await cluster?.[Symbol.asyncDispose]());

  /** How to run a program in a container's network. */
  const namespaceOf = async (container: SeenContainer | undefined): Promise<readonly string[]> => {
    const node = cluster.nodes.find(({ name }) => name === container?.node);
    assert.ok(node && container);
    return ['-t', (await cluster.engine(node, 'inspect', '-f', '{{.State.Pid}}', container.id)).trim(), '-n'];
  };
  const stateOf = async (node: string): Promise<string> =>
    (await cluster.docker('node', 'inspect', '--format', '{{.Status.State}} {{.Status.Message}}', node)).trim();
  const replicas = async (wanted: number): Promise<readonly SeenContainer[]> => {
    const list = async (): Promise<string> =>
      (await cluster.docker('service', 'ls', '--format', '{{.Replicas}}')).trim();
    await until(`${wanted} tasks to run`, list, (listed) => listed === `${wanted}/${wanted}`, { deadlineMs });
    return under(await containersOf(cluster), 'web');
  };
  const nodesOfNew = async (count: number): Promise<readonly string[]> => {
    const rows = (await cluster.docker('service', 'ps', 'web', '--format', '{{.Name}} {{.Node}} {{.CurrentState}}'))
      .trim()
      .split('\n')
      .filter((row) => Number(/^web\.(\d+) /.exec(row)?.[1] ?? 0) > 4);
    assert.equal(rows.length, count);
    for (const row of rows) assert.match(row, / Running /);
    return rows.map((row) => row.split(' ')[1] ?? '');
  };

  test('its node takes nothing new meanwhile and says why; afterwards all that ran there still does', async (t) => {
    const four = ['--detach', '--no-resolve-image', '--replicas', '4'];
    await cluster.docker('network', 'create', 'front');
    const found = ['--network', 'front', '--publish', '8099:80'];
    await cluster.docker('service', 'create', '--name', 'web', ...found, ...four, tinyTag, 'sleep', '100000');
    const earlier = await replicas(4);
    const inside = await namespaceOf(earlier.find(({ node }) => node === victim));
    await until(
      'names to be asked for past the engine',
      async () => await systemExec('nsenter', [...inside, 'nft', 'list', 'table', 'ip', 'tutti_names']),
      ({ code }) => code === 0,
      { deadlineMs },
    );
    assert.equal(earlier.filter(({ node }) => node === victim).length, 2);
    const starts = await Promise.all(earlier.map(async (container) => await startOf(cluster, container)));
    {
      using _hung = await hangEngine(cluster, victim);
      const hungAt = performance.now();
      const said = await until(
        'the node not to be ready',
        async () => await stateOf(victim),
        (state) => !state.startsWith('ready'),
        { deadlineMs: 20_000, everyMs: 100 },
      );
      t.diagnostic(`noticed after ${Math.round(performance.now() - hungAt)} ms`);
      // Docker's own resolver says nothing now.
      const [address, ...none] = (await lookUp(inside, 'web', 'A')) as readonly string[];
      assert.match(address ?? '', /^10\./);
      assert.deepEqual(none, []);
      assert.deepEqual(await lookUp(inside, '_80._tcp.web', 'SRV'), [
        { type: 'SRV', name: 'web.front', port: 80, priority: 0, weight: 0 },
      ]);
      assert.match(said, /^disconnected its Docker Engine does not answer \(since \d{4}-/);
      const listed = await cluster.docker('node', 'ls', '--format', '{{.Hostname}} {{.Status}}');
      assert.match(listed, new RegExp(`^${victim} Disconnected$`, 'm'));
      const { stdout } = await cluster.tutti('nodes');
      assert.match(stdout, new RegExp(`^${victim} +disconnected`, 'm'));
      assert.match(stdout, new RegExp(`^${victim}: its Docker Engine does not answer`, 'm'));
      await cluster.docker('service', 'scale', '--detach', 'web=6');
      const placed = await until(
        'the new tasks to run',
        async () => await nodesOfNew(2),
        () => true,
        { deadlineMs: 15_000, everyMs: 200 },
      );
      assert.deepEqual(placed, ['node1', 'node1']);
    }
    await until(
      'the node to be ready',
      async () => await stateOf(victim),
      (state) => state.startsWith('ready'),
      { deadlineMs },
    );
    const later = await replicas(6);
    for (const [index, container] of earlier.entries()) {
      const now = later.find(({ id }) => id === container.id);
      assert.deepEqual(now, container);
      assert.equal(await startOf(cluster, container), starts[index]);
    }
    assert.equal(later.length, 6);
  });

  test('after 30 s its tasks are replaced, which is told; when it is back what was replaced is stopped', async () => {
    const engineAt = (name: string): { readonly nodes: TestCluster['nodes'] } => ({
      nodes: cluster.nodes.filter((node) => node.name === name),
    });
    const tasks = async (): Promise<readonly string[]> =>
      (await cluster.docker('service', 'ps', 'web', '--format', '{{.Node}} {{.DesiredState}} {{.CurrentState}}'))
        .trim()
        .split('\n');
    {
      using _hung = await hangEngine(cluster, victim);
      const said = await until(
        'the node to be down',
        async () => await stateOf(victim),
        (state) => state.startsWith('down'),
        { deadlineMs, everyMs: 250 },
      );
      assert.match(said, /its tasks are replaced, their containers may still run \(since /);
      await until(
        'six tasks to run on the other node',
        tasks,
        (rows) => rows.filter((row) => row.startsWith('node1 Running Running')).length === 6,
        { deadlineMs },
      );
      const given = (await tasks()).filter((row) => row.startsWith(`${victim} Shutdown Running`));
      assert.equal(given.length, 2);
    }
    await until(
      'nothing to run on the node that is back',
      async () => under(await containersOf(engineAt(victim)), 'web').filter(({ running }) => running),
      ({ length }) => length === 0,
      { deadlineMs },
    );
    const running = under(await containersOf(engineAt('node1')), 'web').filter((container) => container.running);
    assert.equal(new Set(running.map(({ place }) => place)).size, 6);
    assert.equal(running.length, 6);
    await replicas(6);
  });
});
