import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCluster } from '../testing/cluster.ts';
import { imageEngine, imageRequests } from './testing/engines.ts';
import type { ImageEngine } from './testing/engines.ts';

const [one, two] = ['11', '22'].map((byte) => `sha256:${byte.repeat(32)}`) as [string, string];

const start = async (engines: Readonly<Record<string, ImageEngine>>) => {
  const map = new Map(Object.entries(engines));
  const cluster = await TestCluster.start({ nodes: map.size, requests: imageRequests(map) });
  return Object.assign(cluster, { images: cluster.manager.images });
};

const { signal } = new AbortController();

test('an image is there, gets a name, travels, or is nowhere', async () => {
  const node1 = imageEngine({ [one]: ['app:1', 'app:latest'] });
  const node2 = imageEngine({ [one]: ['other:1'] });
  const node3 = imageEngine();
  await using cluster = await start({ node1, node2, node3 });
  const ensure = async (node: string, image: string) => await cluster.images.ensure(node, image, { signal });
  assert.deepEqual(await ensure('node1', 'docker.io/library/app'), { kind: 'present', id: one });
  assert.deepEqual(await ensure('node2', 'app:1'), { kind: 'named', id: one });
  assert.deepEqual([...(node2.images.get(one) ?? [])], ['other:1', 'app:1']);
  assert.equal(node2.loads, 0);
  const travelled = await ensure('node3', 'app:1');
  assert.equal(travelled.kind, 'travelled');
  assert.deepEqual([...(node3.images.get(one) ?? [])], ['app:1']);
  assert.deepEqual(await ensure('node3', 'missing:1'), { kind: 'nowhere', missing: [] });
});

test('the beginning of an id will do, where it is no name', async () => {
  const node1 = imageEngine({ [one]: ['app:1'], [two]: ['cafe:latest'] });
  const node2 = imageEngine();
  await using cluster = await start({ node1, node2 });
  const ensure = async (image: string) => await cluster.images.ensure('node2', image, { signal });
  assert.deepEqual(await ensure('111111111111'), { kind: 'travelled', id: one, from: 'node1' });
  assert.deepEqual(await ensure('sha256:1111'), { kind: 'present', id: one });
  assert.deepEqual(await ensure('cafe'), { kind: 'travelled', id: two, from: 'node1' });
  assert.deepEqual(await ensure('3333'), { kind: 'nowhere', missing: [] });
});

test('whoever asks for the same joins in; what nobody waits for ends', async () => {
  const engines = { node1: imageEngine({ [one]: ['app:1'] }), node2: imageEngine() };
  await using cluster = await start(engines);
  const left = new AbortController();
  const asked = [signal, signal, left.signal].map(
    async (own) => await cluster.images.ensure('node2', 'app:1', { signal: own }),
  );
  left.abort(new Error('gone'));
  const results = await Promise.allSettled(asked);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  assert.equal(engines.node2.loads, 1);
});

test('a source that breaks off is no harm where another has the image; a target that refuses is told', async () => {
  const engines = {
    node1: imageEngine({ [one]: ['app:1'] }),
    node2: imageEngine({ [one]: ['app:1'] }),
    node3: imageEngine(),
  };
  await using cluster = await start(engines);
  engines.node1.trouble = 'save-breaks';
  assert.deepEqual(await cluster.images.ensure('node3', 'app:1', { signal }), {
    kind: 'travelled',
    id: one,
    from: 'node2',
  });
  engines.node3.images.clear();
  engines.node3.trouble = 'load-refused';
  await assert.rejects(
    cluster.images.ensure('node3', 'app:1', { signal }),
    /did not get to node node3: no space left on device/,
  );
  delete engines.node3.trouble;
  engines.node2.trouble = 'save-breaks';
  await assert.rejects(
    cluster.images.ensure('node3', 'app:1', { signal }),
    /node1: the connection.*; node2: the connection/,
  );
});

test('a name that moves on one node moves on the others that have it', async () => {
  const node1 = imageEngine({ [two]: ['app:1'] });
  const node2 = imageEngine({ [one]: ['app:1'] });
  const node3 = imageEngine();
  await using cluster = await start({ node1, node2, node3 });
  assert.deepEqual(await cluster.images.follow('node1', 'app:1', { signal }), []);
  assert.deepEqual([...(node2.images.get(two) ?? [])], ['app:1']);
  assert.deepEqual([...(node2.images.get(one) ?? [])], []);
  assert.equal(node3.images.size, 0);
});

test('names that a client gives on a node without anybody hearing of it follow too', async () => {
  const node1 = imageEngine({ [one]: ['app:1', 'other:1'] });
  const node2 = imageEngine({ [one]: ['app:1', 'other:1'] });
  await using cluster = await start({ node1, node2 });
  const client = new AbortController();
  const builder = cluster.manager.builds.openControl(client.signal);
  const [at, elsewhere] = builder === 'node1' ? [node1, node2] : [node2, node1];
  await cluster.settle();
  at.images.set(two, new Set(['app:1']));
  at.images.get(one)?.delete('app:1');
  await cluster.pass(1000);
  assert.deepEqual([...(elsewhere.images.get(two) ?? [])], ['app:1']);
  assert.deepEqual([...(elsewhere.images.get(one) ?? [])], ['other:1']);
  // What was named just before the client went.
  at.images.get(two)?.add('other:1');
  at.images.get(one)?.delete('other:1');
  client.abort(new Error('gone'));
  await cluster.pass(1000);
  assert.deepEqual([...(elsewhere.images.get(two) ?? [])], ['app:1', 'other:1']);
});
