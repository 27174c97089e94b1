import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHarness } from '../testing/call.ts';
import type { Harness } from '../testing/call.ts';
import { volumeEngines } from '../testing/volume-engines.ts';

interface Shown {
  readonly Name: string;
  readonly Node?: { readonly Name: string };
  readonly Labels: Readonly<Record<string, string>>;
  readonly Status?: { readonly Placement: { readonly State: string } };
}

const start = async () => {
  const engines = volumeEngines();
  const docker = await startHarness(undefined, engines.requests);
  return { engines, docker, [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose]() };
};

const list = async (docker: Harness, filters: unknown = {}): Promise<readonly string[]> => {
  const target = `/volumes?filters=${encodeURIComponent(JSON.stringify(filters))}`;
  const { Volumes } = (await docker.read('GET', target)) as { readonly Volumes: readonly Shown[] };
  return Volumes.map(({ Name, Node }) => `${Name} ${Node?.Name ?? '-'}`);
};

const signal = new AbortController().signal;

test('a volume is promised until a container mounts it, and made on that node then', async () => {
  await using parts = await start();
  const { docker, engines } = parts;
  const { volumes } = docker.cluster.manager;
  const body = { Name: 'data', Labels: { a: 'b' }, DriverOpts: {} };
  const made = (await docker.read('POST', '/volumes/create', { body })) as Shown;
  // A client compares it with what an engine says of a volume.
  assert.equal(made.Status, undefined);
  assert.deepEqual(await list(docker), ['data -']);
  assert.deepEqual(await list(docker, { dangling: ['false'] }), []);
  assert.deepEqual(await list(docker, { label: ['a=b'], name: ['dat'] }), ['data -']);
  assert.deepEqual(
    await volumes.places(['data', 'new'], signal),
    new Map([
      ['data', []],
      ['new', []],
    ]),
  );
  await volumes.prepare('node2', [{ name: 'data' }, { name: 'new' }], signal);
  assert.deepEqual(engines.of('node2').get('data')?.Labels, { a: 'b' });
  assert.deepEqual(await list(docker), ['data node2', 'new node2']);
  assert.deepEqual(await volumes.places(['data'], signal), new Map([['data', ['node2']]]));
  await assert.rejects(volumes.prepare('node1', [{ name: 'data' }], signal), { code: 'conflict' });
  const again = (await docker.read('POST', '/volumes/create', { body })) as Shown;
  assert.equal(again.Node?.Name, 'node2');
  assert.equal(((await docker.read('GET', '/volumes/data')) as Shown).Node?.Name, 'node2');
});

test('what an engine refuses when a promise is to be kept leaves the promise', async () => {
  await using parts = await start();
  const { volumes } = parts.docker.cluster.manager;
  await assert.rejects(volumes.prepare('node1', [{ name: 'data', driver: 'odd' }], signal), /looking up volume plugin/);
  assert.deepEqual(volumes.rows(), []);
});

test('volumes of engines: a name on several nodes needs its node, a node can be named at once', async () => {
  await using parts = await start();
  const { docker, engines } = parts;
  engines.put('node1', { Name: 'both' });
  engines.put('node2', { Name: 'both' });
  engines.put('node2', { Name: 'single', used: true });
  assert.deepEqual(await list(docker), ['node1/both node1', 'node2/both node2', 'single node2']);
  assert.deepEqual(await list(docker, { node: ['node1'] }), ['both node1']);
  const { status, message } = await docker.fail('GET', '/volumes/both');
  assert.equal(status, 400);
  assert.match(message, /node1\/both, node2\/both/);
  assert.equal(((await docker.read('GET', '/volumes/node2/both')) as Shown).Node?.Name, 'node2');
  assert.equal((await docker.fail('DELETE', '/volumes/single')).status, 409);
  assert.equal((await docker.call('DELETE', '/volumes/node1/both')).status, 204);
  assert.equal(((await docker.read('GET', '/volumes/both')) as Shown).Node?.Name, 'node2');
  const body = { Name: 'node1/here' };
  assert.equal(((await docker.read('POST', '/volumes/create', { body })) as Shown).Node?.Name, 'node1');
  assert.ok(engines.of('node1').has('here'));
});

test('removal: promised, made, missing, forced', async () => {
  await using parts = await start();
  const { docker, engines } = parts;
  await docker.read('POST', '/volumes/create', { body: { Name: 'promised' } });
  await docker.read('POST', '/volumes/create', { body: { Name: 'node1/made' } });
  for (const name of ['promised', 'made']) assert.equal((await docker.call('DELETE', `/volumes/${name}`)).status, 204);
  assert.equal(engines.of('node1').size, 0);
  assert.deepEqual(docker.cluster.manager.volumes.rows(), []);
  const missing = await docker.fail('DELETE', '/volumes/nope');
  assert.deepEqual(missing, { status: 404, message: 'get nope: no such volume' });
  assert.equal((await docker.call('DELETE', '/volumes/nope?force=1')).status, 204);
});

test('the volumes of a node that is gone are listed as such; their name is free only when it is forced', async () => {
  await using parts = await start();
  const { docker } = parts;
  await docker.read('POST', '/volumes/create', { body: { Name: 'node2/data' } });
  docker.cluster.setNodeState('node2', 'down');
  const reply = await docker.call('GET', '/volumes');
  assert.equal(reply.headers?.['tutti-missing-nodes'], 'node2');
  assert.deepEqual(await list(docker), ['data node2']);
  const shown = (await docker.read('GET', '/volumes/data')) as Shown;
  assert.equal(shown.Status?.Placement.State, 'unreachable');
  assert.deepEqual(await docker.cluster.manager.volumes.places(['data'], signal), new Map([['data', ['node2']]]));
  assert.notEqual((await docker.call('DELETE', '/volumes/data')).status, 204);
  assert.equal((await docker.call('DELETE', '/volumes/data?force=true')).status, 204);
  assert.deepEqual(await list(docker), []);
});

test('prune keeps named volumes unless it is told all, on older engines too; older clients mean all', async () => {
  await using parts = await start();
  const { docker, engines } = parts;
  const anonymous = 'a'.repeat(64);
  const fill = async (): Promise<void> => {
    engines.put('node1', { Name: anonymous });
    engines.put('node1', { Name: 'named' });
    await docker.read('POST', '/volumes/create', { body: { Name: 'promised' } });
    await docker.read('POST', '/volumes/create', { body: {} });
  };
  await fill();
  const pruned = (await docker.read('POST', '/v1.51/volumes/prune')) as {
    readonly VolumesDeleted: readonly string[];
    readonly SpaceReclaimed: number;
  };
  assert.equal(pruned.VolumesDeleted.length, 2);
  assert.equal(pruned.SpaceReclaimed, 7);
  assert.deepEqual(await list(docker), ['named node1', 'promised -']);
  await docker.read('POST', '/v1.41/volumes/prune');
  assert.deepEqual(
    engines.asked.filter((line) => line.includes('prune')),
    ['node1 POST /volumes/prune?filters={}', 'node2 POST /volumes/prune?filters={}'],
  );
  const told = `/volumes/prune?filters=${encodeURIComponent('{"all":["true"],"label!":["keep"]}')}`;
  await docker.read('POST', told);
  assert.ok(engines.asked.includes('node1 POST /volumes/prune?filters={"label!":["keep"]}'));
});

test('rows follow what happened to volumes behind the manager, and to their nodes', async () => {
  await using parts = await start();
  const { docker, engines } = parts;
  const { volumes, commands } = docker.cluster.manager;
  await docker.read('POST', '/volumes/create', { body: { Name: 'node2/here' } });
  await docker.read('POST', '/volumes/create', { body: { Name: 'node2/gone' } });
  engines.of('node2').delete('gone');
  assert.deepEqual(await list(docker), ['here node2']);
  assert.equal(volumes.rows().length, 2);
  docker.cluster.clock.advance(61_000);
  assert.deepEqual(await list(docker), ['here node2']);
  assert.deepEqual(
    volumes.rows().map(({ spec }) => spec.name),
    ['here'],
  );
  await commands.removeNode('node2', true);
  assert.deepEqual(volumes.rows(), []);
});

test('constraints choose the node at once', async () => {
  await using parts = await start();
  const { docker } = parts;
  const create = (Name: string, ...constraints: readonly string[]) => ({
    body: { Name, Labels: { 'com.docker.swarm.constraints': JSON.stringify(constraints) } },
  });
  const made = async (Name: string, ...constraints: readonly string[]): Promise<string | undefined> =>
    ((await docker.read('POST', '/volumes/create', create(Name, ...constraints))) as Shown).Node?.Name;
  assert.equal(await made('one', 'node==node2'), 'node2');
  assert.equal(await made('two', 'node!=node2'), 'node1');
  assert.equal(await made('three', 'node==node*'), 'node1');
  assert.equal(await made('four', 'node==~nope', 'node.role==worker'), 'node2');
  const none = await docker.fail('POST', '/volumes/create', create('five', 'node==nope'));
  assert.equal(none.status, 503);
  assert.match(none.message, /Unable to find a node .*node==nope/);
  assert.equal((await docker.fail('POST', '/volumes/create', create('six', 'nonsense'))).status, 400);
});

test('what makes no sense is refused', async () => {
  await using parts = await start();
  const { docker } = parts;
  const cases: readonly (readonly [unknown, number, RegExp])[] = [
    [{ Name: 'x' }, 400, /too short/],
    [{ Name: '../etc' }, 400, /invalid characters.*no node \.\./],
    [{ Name: 'a b' }, 400, /invalid characters/],
    [{ Name: 'data', DriverOpts: { foo: 'bar' } }, 400, /create data: invalid option: "foo"/],
    [{ Name: 'data', DriverOpts: { o: 'bar' } }, 400, /missing required option: "device"/],
    [{ Name: 'data', Driver: 'odd' }, 404, /looking up volume plugin odd/],
    [{ Name: 'data', ClusterVolumeSpec: {} }, 501, /CSI/],
    [{ Name: 7 }, 400, /Name/],
  ];
  for (const [body, expected, reason] of cases) {
    const { status, message } = await docker.fail('POST', '/volumes/create', { body });
    assert.equal(status, expected, message);
    assert.match(message, reason);
  }
  assert.equal((await docker.fail('GET', '/volumes?filters={"x":["y"]}')).message, "invalid filter 'x'");
  assert.equal((await docker.fail('GET', '/volumes?filters={"dangling":["y"]}')).status, 400);
  assert.equal((await docker.fail('PUT', '/volumes/data?version=1')).status, 501);
});
