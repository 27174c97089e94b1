import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedPort } from '../../model/service.ts';
import { TestCluster } from '../testing/cluster.ts';

const port: PublishedPort = { protocol: 'tcp', target: 80, published: 8080, mode: 'ingress' };

test('labels say how the ports of a service are served, and what is wrong with them is said', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const endpoint = { ports: [port] };
  const labels = {
    'tutti.port.8080.tasks': 'local',
    'tutti.port.8080.address': '192.0.2.1',
    'tutti.port.81.tasks': 'near',
  };
  const { spec } = await cluster.create('web', { endpoint }).then(() => cluster.manager.queries.service('web').service);
  const { commands, queries } = cluster.manager;
  const at = (address: string) => ({ ...labels, 'tutti.port.8080.address': address });
  const change = async (given: Readonly<Record<string, string>>) =>
    await commands.updateService('web', queries.service('web').service.version, { ...spec, labels: given });
  const { warnings } = await change(labels);
  assert.match(warnings.join(), /a label for port 81, which it does not publish/);
  const served = { ...port, tasks: 'local', hostAddress: '192.0.2.1' };
  assert.deepEqual(queries.service('web').service.ports, [served]);
  await assert.rejects(change(at('here')), { code: 'invalid-argument', message: /must be addresses of nodes/ });

  const other = (address: string) => ({ endpoint, labels: { 'tutti.port.8080.address': address } });
  await cluster.create('other', other('192.0.2.2'));
  await assert.rejects(cluster.create('third', other('192.0.2.1')), {
    code: 'conflict',
    message: 'service third: port 192.0.2.1:8080/tcp is already in use by service web',
  });
  await assert.rejects(cluster.create('third', { endpoint }), {
    code: 'conflict',
    message: /port 8080\/tcp is already/,
  });
});

test('an address that none can have is refused', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const endpoint = { ports: [{ ...port, hostAddress: 'localhost' }] };
  await assert.rejects(cluster.create('web', { endpoint }), {
    code: 'invalid-argument',
    message: /not at "localhost"/,
  });
});
