import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { until } from '../support/until.ts';
import { inTask, logOf, startTask, tellAll } from './network/cluster.ts';
import type { LabNetwork, LabState, LabTask } from './network/cluster.ts';
import { startLab } from './network/lab.ts';
import type { Lab, LabNode } from './network/lab.ts';

const ingress: LabNetwork = { id: 'ingress000000000000000001', name: 'ingress', index: 0, ingress: true };
const front: LabNetwork = { id: 'front00000000000000000001', name: 'front', index: 1 };
const webServer = [
  'sh',
  '-c',
  'mkdir -p /tmp/www && hostname > /tmp/www/index.html && exec httpd -f -vv -p 80 -h /tmp/www',
];

/** The page that a server gives a container; asked for until it answers. */
const page = async (from: LabTask, host: string, port = 80): Promise<string> => {
  const command = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${host} ${port} | tail -1`;
  return await until(
    `${host}:${port}`,
    async () => await inTask(from, 'sh', '-c', command),
    (text) => text !== '',
    {
      deadlineMs: 5_000,
    },
  );
};

suite('the network of three nodes', { timeout: 300_000 }, () => {
  let lab: Lab;
  let nodes: readonly [LabNode, LabNode, LabNode];
  let web: LabTask;
  let asker: LabTask;
  let state: LabState;

  before(async () => {
    lab = await startLab('nettest', 3);
    nodes = lab.nodes as unknown as typeof nodes;
    asker = { id: 'asker', service: 'asker', node: nodes[0], addresses: { [front.id]: '10.128.1.10' } };
    web = {
      id: 'web',
      service: 'web',
      node: nodes[1],
      addresses: { [front.id]: '10.128.1.20', [ingress.id]: '10.128.0.20' },
    };
    state = {
      networks: [ingress, front],
      tasks: [asker, web],
      publishes: [{ protocol: 'tcp', published: 8080, target: 80, service: 'web', network: ingress.id }],
    };
    await tellAll(nodes, state);
    await startTask(asker);
    await startTask(web, webServer);
  });
  after(async () => await lab[Symbol.asyncDispose]());

  test('containers reach each other over nodes, with their own addresses', async () => {
    assert.match(await page(asker, '10.128.1.20'), /^[0-9a-f]{12}$/);
    assert.match(await logOf(web), /10\.128\.1\.10/);
  });

  test('a service is found by its name', async () => {
    assert.match(await page(asker, 'web'), /^[0-9a-f]{12}$/);
  });

  test('a published port answers on every node, and the container sees the client', async () => {
    for (const node of nodes) {
      const answer = await fetch(`http://${node.address}:8080/`, { signal: AbortSignal.timeout(3000) });
      assert.match(await answer.text(), /^[0-9a-f]{12}\s*$/, node.name);
    }
    const seen = (await logOf(web)).split('\n').filter((line) => line.includes(lab.outside));
    assert.ok(seen.length >= 3, seen.join('\n'));
  });
});
