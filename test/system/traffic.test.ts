import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { holdDown } from '../e2e/lib/daemons.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { serviceOf } from '../support/traffic/server.ts';
import { rollingUpdate, virtualAddress } from '../support/traffic/update.ts';
import { until } from '../support/until.ts';

/** Whether that page comes; `from`: what the command line begins with. */
const reaches = async (from: readonly string[], url: string): Promise<boolean> => {
  const [command, ...args] = [...from, 'curl', '-sfm', '2', url];
  return (await systemExec(command, args)).code === 0;
};

/** A service on three nodes, asked from a container of the first by its virtual address, and from outside by the second node. */
suite('traffic goes on', { timeout: 300_000 }, () => {
  let cluster: TestCluster;
  let asker: readonly string[];
  let vip: string;

  before(async () => {
    cluster = await startCluster({ nodes: 3, managers: 1, images: 'tiny' });
    const { docker } = cluster;
    await docker('network', 'create', '-d', 'overlay', '--attachable', 'front');
    const options = ['--name=web', '--replicas=3', '--network=front', '--publish=8080:80', '--update-monitor=0s'];
    // Any host and any path, without `retry`.
    options.push('--label=tutti.route.port=80');
    await docker(...serviceOf({ image: tinyTag, answer: 'first' }, ...options));
    const only = ['--network', 'front', '-e', 'constraint:node==node1', tinyTag];
    await docker('run', '-d', '--name', 'asker', ...only);
    const [one] = cluster.nodes;
    assert.ok(one);
    const pid = await cluster.engine(one, 'inspect', '-f', '{{.State.Pid}}', 'asker');
    asker = ['nsenter', '-t', pid.trim(), '-n'];
    vip = await virtualAddress(docker, 'web', 'front');
    await until(
      'three tasks',
      async () => await docker('service', 'ls', '--format', '{{.Replicas}}'),
      (text) => text.startsWith('3/3'),
      { deadlineMs: 120_000 },
    );
    await until('the virtual address', async () => await reaches(asker, `http://${vip}/`), Boolean);
    const mesh = `http://${cluster.nodes[1]?.address}:8080/`;
    await until('the published port', async () => await reaches([], mesh), Boolean);
    const door = `http://${cluster.nodes[1]?.address}/`;
    await until('the front door', async () => await reaches([], door), Boolean);
  });
  after(async () => await cluster?.[Symbol.asyncDispose]());

  const stateOf = async (node: string): Promise<string> =>
    await cluster.docker('node', 'inspect', '--format', '{{.Status.State}} {{.Status.Message}}', node);
  const update = async (order: 'stop-first' | 'start-first') =>
    await rollingUpdate({
      docker: cluster.docker,
      service: 'web',
      answer: `${order}-${Math.round(performance.now())}`,
      order,
      rate: 100,
      clients: {
        vip: { from: asker, host: vip, port: 80 },
        door: { from: [], host: cluster.nodes[1]?.address ?? '', port: 80 },
        mesh: { from: [], host: cluster.nodes[1]?.address ?? '', port: 8080 },
      },
    });
  /** No request failed, and each update had old tasks answer, and new ones. */
  const nothingFailed = (outcomes: Awaited<ReturnType<typeof update>>): void => {
    for (const [client, { failures, bodies, slowestMs }] of Object.entries(outcomes)) {
      assert.deepEqual(failures, {}, `${client}; slowest ${slowestMs} ms`);
      assert.equal(Object.keys(bodies).length, 2, 'old and new tasks');
    }
  };

  for (const order of ['stop-first', 'start-first'] as const) {
    test(`a rolling update, ${order}: no request fails, by the virtual address, a published port and the front door`, async () => {
      nothingFailed(await update(order));
    });
  }

  test('an agent that is away in the middle of an update: its node leads nobody to a task that stops, and loses none', async () => {
    const [, two] = cluster.nodes;
    assert.ok(two);
    const ran = async (): Promise<number> =>
      (await cluster.docker('service', 'ps', '--no-trunc', '--quiet', 'web')).trim().split('\n').length;
    const before = await ran();
    const asked = update('stop-first');
    const started = async (): Promise<number> => (await ran()) - before;
    await until('the first new task', started, (count) => count > 0);
    {
      using _ = await holdDown(cluster, two.name, 'agent');
      await until(
        'its machine to be asked',
        async () => await stateOf(two.name),
        (text) => /agent is not heard/.test(text),
      );
    }
    nothingFailed(await asked);
    assert.equal(await started(), 3, 'a task each was replaced once');
  });
});
