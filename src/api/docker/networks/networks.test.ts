import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../../model/errors.ts';
import { networkLabel } from '../../../model/network.ts';
import { parseEnginePath } from '../../../rpc/engine.ts';
import type { NodeRequest, NodeResponse } from '../../../rpc/transport.ts';
import { startHarness } from '../testing/call.ts';

interface EngineNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Containers: Readonly<Record<string, object>>;
}
const aNetwork = (name: string, more: Partial<EngineNetwork> = {}): EngineNetwork => ({
  Id: `${name}-id`.padEnd(64, '0'),
  Name: name,
  Driver: 'bridge',
  Scope: 'local',
  Labels: {},
  Containers: {},
  ...more,
});

/** The dialect over two nodes whose engines have these networks; what they were asked, as `POST node2 /networks/create {…}`. */
const startEngines = async (has: Readonly<Record<string, readonly EngineNetwork[]>>) => {
  const asked: string[] = [];
  const request = async (nodeId: string, { method = 'GET', path, body }: NodeRequest): Promise<NodeResponse> => {
    const networks = has[nodeId];
    if (networks === undefined) throw new TuttiError('unavailable', 'no engine is there');
    const sent: Uint8Array[] = [];
    for await (const chunk of body ?? []) sent.push(chunk);
    const [target = '', query = ''] = (parseEnginePath(path) ?? '').split('?');
    if (method !== 'GET')
      asked.push(`${method} ${nodeId} ${target} ${Buffer.concat(sent).toString()}${decodeURIComponent(query)}`);
    if (target === '/networks') return json(200, networks);
    if (target === '/networks/create') return json(201, { Id: 'made', Warning: '' });
    if (target === '/networks/prune') return json(200, { NetworksDeleted: ['old'] });
    const found = networks.find(({ Id, Name }) => [Id, Name].includes(target.split('/')[2] ?? ''));
    if (found === undefined) return json(404, { message: 'network not found' });
    return method === 'DELETE' ? json(204, undefined) : json(200, found);
  };
  return { docker: await startHarness(undefined, { request }), asked };
};

const json = (status: number, value: unknown): NodeResponse => ({
  status,
  body: (async function* () {
    if (value !== undefined) yield await Promise.resolve(Buffer.from(JSON.stringify(value)));
  })(),
});

const ours = aNetwork('tutti-1-abc', { Labels: { [networkLabel]: 'abc' } });

test("the list has the cluster's networks, the engines' own as node/name, and the predefined ones once", async () => {
  const has = { node1: [aNetwork('bridge'), aNetwork('lan'), ours], node2: [aNetwork('bridge'), aNetwork('lan')] };
  const { docker } = await startEngines(has);
  await using _ = docker;
  await docker.read('POST', '/networks/create', { body: { Name: 'app' } });
  const all = (await docker.read('GET', '/networks')) as readonly { readonly Name: string }[];
  const names = all.map(({ Name }) => Name).toSorted();
  assert.deepEqual(names, ['app', 'bridge', 'host', 'ingress', 'node1/lan', 'node2/lan', 'none']);
});

test('a node that does not answer is named, and holds nobody up', async () => {
  const { docker } = await startEngines({ node1: [aNetwork('lan')] });
  await using _ = docker;
  const reply = await docker.call('GET', '/networks');
  assert.equal(reply.headers?.['tutti-missing-nodes'], 'node2');
  assert.equal(reply.status, 200);
});

test("an engine's own network is found by node/name, by its id, and by its name where one engine has it", async () => {
  const { docker } = await startEngines({
    node1: [aNetwork('lan')],
    node2: [aNetwork('lan', { Id: 'f'.repeat(64) }), aNetwork('dmz')],
  });
  await using _ = docker;
  const nameOf = async (reference: string) =>
    ((await docker.read('GET', `/networks/${reference}`)) as EngineNetwork).Name;
  assert.equal(await nameOf('node2/lan'), 'node2/lan');
  assert.equal(await nameOf('node2%2Flan'), 'node2/lan');
  assert.equal(await nameOf('dmz'), 'node2/dmz');
  assert.equal(await nameOf('ffff'), 'node2/lan');
  const several = await docker.fail('GET', '/networks/lan');
  assert.equal(several.status, 400);
  assert.match(several.message, /network lan is ambiguous \(2 matches found on name: node1\/lan, node2\/lan\)/);
  assert.deepEqual(await docker.fail('GET', '/networks/node1/dmz'), {
    status: 404,
    message: 'network node1/dmz not found',
  });
  assert.equal((await docker.fail('GET', '/networks/dmz?scope=swarm')).status, 404);
});

test('node/name and drivers that span no nodes are made on one engine, and removed there', async () => {
  const { docker, asked } = await startEngines({ node1: [], node2: [aNetwork('lan')] });
  await using _ = docker;
  const { Id } = (await docker.read('POST', '/networks/create', { body: { Name: 'node2/x' } })) as {
    readonly Id: string;
  };
  assert.equal(Id, 'made');
  await docker.read('POST', '/networks/create', { body: { Name: 'mac', Driver: 'macvlan' } });
  await docker.call('DELETE', '/networks/node2/lan');
  assert.deepEqual(
    asked.map((line) => line.replace(/lan-id0+/, 'LAN')),
    [
      'POST node2 /networks/create {"Name":"x","CheckDuplicate":true}',
      'POST node1 /networks/create {"Name":"mac","Driver":"macvlan","CheckDuplicate":true}',
      'DELETE node2 /networks/LAN ',
    ],
  );
  const nowhere = await docker.fail('POST', '/networks/create', { body: { Name: 'node9/x' } });
  assert.deepEqual(nowhere, { status: 404, message: 'network node9/x: node node9 is not there, or not ready' });
});

test("of a predefined network what is on it is shown over all nodes, under the cluster's id", async () => {
  const { docker } = await startEngines({
    node1: [aNetwork('bridge', { Containers: { one: {} } })],
    node2: [aNetwork('bridge', { Containers: { two: {} } })],
  });
  await using _ = docker;
  const bridge = (await docker.read('GET', '/networks/bridge')) as EngineNetwork;
  assert.deepEqual(Object.keys(bridge.Containers), ['one', 'two']);
  assert.equal(bridge.Id, docker.cluster.manager.queries.network('bridge').id);
});

test("pruning asks the engines for all but the cluster's own, and names what went", async () => {
  const { docker, asked } = await startEngines({ node1: [], node2: [] });
  await using _ = docker;
  await docker.read('POST', '/networks/create', { body: { Name: 'app', Labels: { keep: '1' } } });
  await docker.read('POST', '/networks/create', { body: { Name: 'spare' } });
  const filters = encodeURIComponent(JSON.stringify({ 'label!': ['keep'] }));
  const pruned = await docker.read('POST', `/networks/prune?filters=${filters}`);
  assert.deepEqual(pruned, { NetworksDeleted: ['spare', 'node1/old', 'node2/old'] });
  assert.equal(asked[0], `POST node1 /networks/prune filters={"label!":["keep","${networkLabel}"]}`);
  const bad = await docker.fail('POST', `/networks/prune?filters=${encodeURIComponent('{"until":["soon"]}')}`);
  assert.equal(bad.status, 400);
});
