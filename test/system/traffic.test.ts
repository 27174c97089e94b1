import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
import { tinyTag } from '../e2e/lib/images.ts';
import { run } from '../../src/dev/run.ts';
import type { NodeReport } from '../../src/dev/list.ts';
import { systemExec } from '../../src/platform/exec.ts';
import { keepAsking } from '../support/traffic/asking.ts';
import { serviceOf } from '../support/traffic/server.ts';
import { rollingUpdate, virtualAddress } from '../support/traffic/update.ts';
import { until } from '../support/until.ts';

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
  });
  after(async () => await cluster?.[Symbol.asyncDispose]());

  const update = async (order: 'stop-first' | 'start-first') =>
    await rollingUpdate({
      docker: cluster.docker,
      service: 'web',
      answer: `${order}-${Math.round(performance.now())}`,
      order,
      rate: 100,
      clients: {
        vip: { from: asker, host: vip, port: 80 },
        mesh: { from: [], host: cluster.nodes[1]?.address ?? '', port: 8080 },
      },
    });
  /** Where an answer takes longer the machine stood still: nodes are taken for lost then, and stops do not wait for them. */
  const stoodStillMs = 2_500;

  for (const order of ['stop-first', 'start-first'] as const) {
    test(`a rolling update, ${order}: no request fails, by the virtual address and by a published port`, async () => {
      for (let left = 2; ; left -= 1) {
        const outcomes = await update(order);
        const failed = Object.entries(outcomes).filter(([, { failures }]) => Object.keys(failures).length > 0);
        const stoodStill = Object.values(outcomes).some(({ slowestMs }) => slowestMs > stoodStillMs);
        if (failed.length > 0 && stoodStill && left > 0) continue;
        assert.deepEqual(failed, []);
        for (const { bodies } of Object.values(outcomes))
          assert.equal(Object.keys(bodies).length, 2, 'old and new tasks');
        return;
      }
    });
  }

  test('two of three nodes cut off from each other: the third reaches both, and the way is back by itself', async () => {
    const [one, two, three] = cluster.nodes;
    assert.ok(one && two && three);
    const ends = `{ ${two.address}, ${three.address} }`;
    const cut = [
      'add table bridge cut',
      'add chain bridge cut between { type filter hook forward priority 0; }',
      `add rule bridge cut between ip saddr ${ends} ip daddr ${ends} drop`,
    ].join('; ');
    const nft = async (script: string): Promise<string> =>
      await run(systemExec, ['ip', 'netns', 'exec', cluster.layout.switchNamespace, 'nft', script]);
    const containerOf = async (node: NodeReport): Promise<string> =>
      (await cluster.engine(node, 'ps', '-q', '--filter', 'label=com.docker.swarm.service.name=web')).split('\n')[0] ??
      '';
    const look = async (node: NodeReport, format: string): Promise<string> =>
      (await cluster.engine(node, 'inspect', '-f', format, await containerOf(node))).trim();
    const far = await look(three, '{{range $name, $of := .NetworkSettings.Networks}}{{$of.IPAddress}} {{end}}');
    const addresses = far.split(' ').filter((address) => address.split('.')[2] === vip.split('.')[2]);
    const pid = await look(two, '{{.State.Pid}}');
    const way = async (): Promise<boolean> =>
      (await systemExec('nsenter', ['-t', pid, '-n', 'curl', '-sfm', '2', `http://${addresses[0]}/`])).code === 0;
    assert.equal(await way(), true, `from ${two.name} to ${addresses.join()}`);
    await using stack = new AsyncDisposableStack();
    await nft(cut);
    const heal = stack.adopt(
      'delete table bridge cut',
      async (script) => void (await nft(script).catch(() => undefined)),
    );
    const clients = [
      { from: asker, host: vip, port: 80 },
      { from: [], host: one.address, port: 8080 },
    ].map(async (client) => stack.use(await keepAsking({ ...client, rate: 50, connections: 10 })));
    const asking = await Promise.all(clients);
    assert.equal(await way(), false, 'cut');
    const outcomes = await Promise.all(asking.map(async (client) => await client.stop()));
    for (const { failures } of outcomes) assert.deepEqual(failures, {});
    await nft(heal);
    await until('the way between the two', way, Boolean);
  });
});
