import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import type { NetworkId, NodeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { silentLog } from '../../platform/log.ts';
import { parseEnginePath } from '../../rpc/engine.ts';
import { parseNetworksPath } from '../../rpc/networks.ts';
import type { NodeRequest, NodeResponse } from '../../rpc/transport.ts';
import { emptyInventory } from '../engines/empty.ts';
import { createEngines } from '../engines/engines.ts';
import { countingRandomness, TestCluster } from '../testing/cluster.ts';
import { createContainerNetworks } from './networks.ts';
import { followStrays } from './strays.ts';
import type { ContainerNetworksOfManager } from './networks.ts';

const signal = new AbortController().signal;

interface Lab extends AsyncDisposable {
  readonly cluster: TestCluster;
  readonly networks: ContainerNetworksOfManager;
  /** What the engine of the node was asked: `POST /networks/…`. */
  readonly asked: string[];
  /** Networks that the engine says every container is on. */
  readonly on: string[];
  /** Makes the next request of the engine fail with this message. */
  refuse(message: string): void;
  /** Makes the next request of the engine come to this, before it is answered with anything. */
  next(happens: (path: string) => void): void;
  make(request: SingleContainer['spec']['request'], more?: Partial<SingleContainer>): Promise<SingleContainer>;
}

const startLab = async (): Promise<Lab> => {
  const asked: string[] = [];
  const on: string[] = [];
  const refusals: string[] = [];
  const happenings: ((path: string) => void)[] = [];
  const request = async (_nodeId: string, { method, path, body }: NodeRequest): Promise<NodeResponse> => {
    const ids = parseNetworksPath(path);
    if (ids !== undefined) {
      return json(
        200,
        Object.fromEntries(ids.map((id) => [id, { dockerNetwork: `tutti-1-${id}`, dns: ['10.0.0.1'] }])),
      );
    }
    const sent: Uint8Array[] = [];
    for await (const chunk of body ?? []) sent.push(chunk);
    asked.push(`${method} ${parseEnginePath(path)} ${Buffer.concat(sent).toString()}`);
    happenings.shift()?.(path);
    if (method === 'GET')
      return json(200, { NetworkSettings: { Networks: Object.fromEntries(on.map((name) => [name, {}])) } });
    const refusal = refusals.shift();
    return refusal === undefined ? json(200, {}) : json(500, { message: refusal });
  };
  const cluster = await TestCluster.start({ nodes: 2, requests: { request } });
  const { store, allocator, clock, manager } = cluster;
  const networks = createContainerNetworks({
    store,
    allocator,
    clock,
    random: countingRandomness(),
    requests: { request },
    engines: createEngines({ request }),
    queries: manager.queries,
    inventory: emptyInventory,
  });
  let count = 0;
  return {
    cluster,
    networks,
    asked,
    on,
    next: (happens) => void happenings.push(happens),
    refuse: (message) => void refusals.push(message),
    make: async (body, more = {}) => {
      count += 1;
      const row = aRow(`row${count}`, body, more);
      await store.update((transaction) => transaction.create('container', row));
      return row;
    },
    [Symbol.asyncDispose]: async () => await cluster[Symbol.asyncDispose](),
  };
};

const json = (status: number, value: unknown): NodeResponse => ({
  status,
  body: (async function* () {
    yield await Promise.resolve(Buffer.from(JSON.stringify(value)));
  })(),
});

const aRow = (
  id: string,
  request: SingleContainer['spec']['request'],
  more: Partial<SingleContainer>,
): SingleContainer => ({
  id,
  version: 0,
  createdAt: 0,
  updatedAt: 0,
  nodeId: 'node1' as NodeId,
  spec: { ...plainContainerSpec(id, 'app'), request },
  ...more,
});

const network = async (
  { cluster }: Lab,
  name: string,
  more: object = { shownDriver: 'bridge' },
): Promise<NetworkId> => {
  const { id } = await cluster.manager.commands.createNetwork({ name, driver: 'overlay', ...more });
  return id as NetworkId;
};
const attachmentsOf = ({ cluster }: Lab, id: string) => cluster.store.view.get('container', id)?.attachments ?? [];
const onNetwork = (...names: readonly string[]) => ({
  HostConfig: { NetworkMode: names[0] },
  NetworkingConfig: { EndpointsConfig: Object.fromEntries(names.map((name) => [name, { Aliases: [`at-${name}`] }])) },
});

test('a container is prepared with its addresses and finished with its other networks; again, nothing changes', async () => {
  await using lab = await startLab();
  const [front, back] = [await network(lab, 'front'), await network(lab, 'back')];
  const row = await lab.make(onNetwork('front', 'back'));
  const request = await lab.networks.prepare(row, signal);
  const [first, second] = attachmentsOf(lab, row.id);
  assert.deepEqual([first?.networkId, second?.networkId], [front, back]);
  assert.deepEqual(first?.aliases, ['at-front']);
  assert.deepEqual(request, {
    HostConfig: { NetworkMode: `tutti-1-${front}`, Dns: ['10.0.0.1'] },
    NetworkingConfig: {
      EndpointsConfig: { [`tutti-1-${front}`]: { IPAMConfig: { IPv4Address: first?.address } } },
    },
  });
  await lab.networks.finish(row, 'engine1', signal);
  const settings = { Container: 'engine1', EndpointConfig: { IPAMConfig: { IPv4Address: second?.address } } };
  const connects = () => lab.asked.filter((one) => one.startsWith('POST'));
  assert.deepEqual(connects(), [`POST /networks/tutti-1-${back}/connect ${JSON.stringify(settings)}`]);
  lab.on.push(`tutti-1-${front}`, `tutti-1-${back}`);
  await lab.networks.finish(row, 'engine1', signal);
  assert.equal(connects().length, 1);
  assert.deepEqual(await lab.networks.prepare(row, signal), request);
  assert.deepEqual(attachmentsOf(lab, row.id), [first, second]);
});

test('an engine that takes several networks at once gets them so, where the client speaks of that version', async () => {
  await using lab = await startLab();
  const [front, back] = [await network(lab, 'front'), await network(lab, 'back')];
  await lab.cluster.store.update((transaction) => {
    const { description, ...node } = transaction.get('node', 'node1') ?? assert.fail('no node');
    const engine = { version: '28.5.2', apiVersion: '1.51' };
    transaction.update('node', {
      ...node,
      ...(description !== undefined && { description: { ...description, engine } }),
    });
  });
  const sent = async (more: object): Promise<readonly string[]> => {
    const row = await lab.make({});
    const spec = { ...row.spec, request: onNetwork('front', 'back'), ...more };
    const { NetworkingConfig } = await lab.networks.prepare({ ...row, spec }, signal);
    return Object.keys((NetworkingConfig as { readonly EndpointsConfig: object }).EndpointsConfig);
  };
  assert.deepEqual(await sent({}), [`tutti-1-${front}`, `tutti-1-${back}`]);
  assert.deepEqual(await sent({ apiVersion: '1.41' }), [`tutti-1-${front}`]);
});

test('a container without a network of the cluster is left as it was asked for', async () => {
  await using lab = await startLab();
  for (const request of [{}, { HostConfig: { NetworkMode: 'host' } }, { HostConfig: { NetworkMode: 'default' } }]) {
    const row = await lab.make(request);
    assert.equal(await lab.networks.prepare(row, signal), request);
    await lab.networks.finish(row, 'engine1', signal);
  }
  assert.deepEqual(lab.asked, []);
});

test('an overlay that was not made attachable takes no containers', async () => {
  await using lab = await startLab();
  await network(lab, 'closed', {});
  const row = await lab.make(onNetwork('closed'));
  await assert.rejects(lab.networks.prepare(row, signal), /network closed not manually attachable/);
  assert.deepEqual(attachmentsOf(lab, row.id), []);
});

test('a network that is asked for as the engines call it is the one of the cluster', async () => {
  await using lab = await startLab();
  const id = await network(lab, 'front');
  const row = await lab.make({ HostConfig: { NetworkMode: `tutti-1-${id}` } });
  await lab.networks.prepare(row, signal);
  assert.equal(attachmentsOf(lab, row.id)[0]?.networkId, id);
});

test('connecting commits an address and takes it back where the engine refuses; disconnecting frees it', async () => {
  await using lab = await startLab();
  const id = await network(lab, 'front');
  const row = await lab.make({}, { engineId: 'engine1' });
  const known = {
    id: 'engine1',
    name: 'row1',
    nodeId: 'node1',
    nodeName: 'node1',
    reachable: true,
    summary: {},
  };
  const front = lab.cluster.manager.queries.network(id);
  lab.refuse('no such thing');
  await assert.rejects(lab.networks.connect(front, known, {}, signal), /no such thing/);
  assert.deepEqual(attachmentsOf(lab, row.id), []);
  await lab.networks.connect(front, known, { Aliases: ['www'] }, signal);
  assert.deepEqual(attachmentsOf(lab, row.id)[0]?.aliases, ['www']);
  await assert.rejects(lab.networks.connect(front, known, {}, signal), /endpoint with name row1 already exists/);
  // One that does not run gets other names in the same place.
  const { address } = attachmentsOf(lab, row.id)[0] ?? {};
  const stopped = { ...known, summary: { State: 'exited' as const } };
  await lab.networks.connect(front, stopped, { Aliases: ['web'] }, signal);
  assert.deepEqual(attachmentsOf(lab, row.id), [{ networkId: front.id, address, aliases: ['web'] }]);
  await lab.networks.disconnect(front, known, false, signal);
  assert.deepEqual(attachmentsOf(lab, row.id), []);
  await assert.rejects(lab.networks.disconnect(front, known, false, signal), /is not connected to network front/);
});

test('an address stays taken where nobody knows whether its container has it', async () => {
  await using lab = await startLab();
  const id = await network(lab, 'front');
  const row = await lab.make({}, { engineId: 'engine1' });
  const known = { id: 'engine1', name: 'row1', nodeId: 'node1', nodeName: 'node1', reachable: true, summary: {} };
  const front = lab.cluster.manager.queries.network(id);
  const lose = (): never => {
    throw new TuttiError('unavailable', 'the connection was lost');
  };
  // Undone at once, as the engine says it is.
  lab.next(lose);
  await assert.rejects(lab.networks.connect(front, known, {}, signal), /was lost/);
  assert.match(lab.asked.at(-1) ?? '', /disconnect .*"Force":true/);
  assert.deepEqual(attachmentsOf(lab, row.id), []);
  // Not to be asked.
  lab.next(lose);
  lab.next(lose);
  await assert.rejects(lab.networks.connect(front, known, {}, signal), /was lost/);
  assert.equal(attachmentsOf(lab, row.id).length, 1);
  // Whoever asked has gone: it is done all the same.
  await lab.networks.disconnect(front, known, false, signal);
  const client = new AbortController();
  lab.next(() => client.abort());
  await lab.networks.connect(front, known, {}, client.signal);
  assert.equal(attachmentsOf(lab, row.id).length, 1);
  // What the engine did before, and nobody heard of, is done.
  lab.next(lose);
  await assert.rejects(lab.networks.disconnect(front, known, false, signal), /was lost/);
  assert.equal(attachmentsOf(lab, row.id).length, 1);
  lab.refuse(`container engine1 is not connected to network tutti-1-${id}`);
  await lab.networks.disconnect(front, known, false, signal);
  assert.deepEqual(attachmentsOf(lab, row.id), []);
});

test('a container that was made behind our back gets a row when it is connected', async () => {
  await using lab = await startLab();
  const id = await network(lab, 'front');
  const stranger = {
    id: 'engine9',
    name: 'stranger',
    nodeId: 'node2',
    nodeName: 'node2',
    reachable: true,
    summary: { State: 'running' as const, Image: 'app' },
  };
  await lab.networks.connect(lab.cluster.manager.queries.network(id), stranger, {}, signal);
  const [row] = lab.cluster.store.view.find('container', 'name', 'stranger');
  assert.equal(row?.nodeId, 'node2');
  assert.equal(lab.networks.on(id).length, 1);
});

test('two that asked for one address: the second is refused its start while the first runs, and the network its end', async () => {
  await using lab = await startLab();
  const id = await network(lab, 'front', { shownDriver: 'bridge', ipam: { configs: [{ subnet: '10.9.0.0/24' }] } });
  const fixed = { NetworkingConfig: { EndpointsConfig: { front: { IPAMConfig: { IPv4Address: '10.9.0.9' } } } } };
  const rows = [await lab.make(fixed, { engineId: 'e1' }), await lab.make(fixed, { engineId: 'e2' })];
  for (const row of rows) await lab.networks.prepare(row, signal);
  lab.networks.starting('e1');
  const running = (yes: boolean): void =>
    lab.cluster.store.observe((soft) =>
      soft.put('containerStatus', rows[0]?.id ?? '', { nodeId: 'node1' as NodeId, running: yes }),
    );
  running(true);
  assert.throws(() => lab.networks.starting('e2'), /Address already in use: 10\.9\.0\.9 is that of row1/);
  const { commands } = lab.cluster.manager;
  await assert.rejects(commands.removeNetwork(id), (thrown) => TuttiError.from(thrown).code === 'permission-denied');
  running(false);
  lab.networks.starting('e2');
  await commands.removeNetwork(id);
});

test('what an engine took a container off is freed, by the word of the engine alone, and nothing that is young', async () => {
  await using lab = await startLab();
  const [front, back] = [await network(lab, 'front'), await network(lab, 'back')];
  const row = await lab.make(onNetwork('front', 'back'), { engineId: 'engine1' });
  await lab.networks.prepare(row, signal);
  const { store, clock } = lab.cluster;
  const listed = [`tutti-1-${front}`];
  const inventory = {
    listed: () => true,
    on: (nodeId: string, id: string) => {
      const Networks = Object.fromEntries(listed.map((name) => [name, {}]));
      return {
        id,
        name: 'row1',
        nodeId,
        nodeName: nodeId,
        reachable: true,
        summary: { NetworkSettings: { Networks } },
      };
    },
  };
  using _strays = followStrays({ store, inventory, engines: lab.cluster.manager.engines, clock, log: silentLog });
  const ids = () => attachmentsOf(lab, row.id).map(({ networkId }) => networkId);
  const pass = async (): Promise<void> => {
    clock.advance(61_000);
    await lab.cluster.settle();
  };
  await pass();
  assert.deepEqual(lab.asked, [], 'it is being connected, for all that is known');
  // The list is old.
  lab.on.push(`tutti-1-${front}`, `tutti-1-${back}`);
  await pass();
  assert.equal(lab.asked.length, 1);
  assert.deepEqual(ids(), [front, back]);
  lab.on.pop();
  await pass();
  assert.deepEqual(ids(), [front]);
  await pass();
  assert.equal(lab.asked.length, 2);
});
