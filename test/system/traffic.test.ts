import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startCluster } from '../e2e/lib/cluster.ts';
import type { TestCluster } from '../e2e/lib/cluster.ts';
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
});
