import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { layoutCluster, layoutNode } from './layout.ts';
import type { ClusterState } from './state.ts';
import { clusterNames, findState, nodeNamed, readState, writeState } from './state.ts';

const state: ClusterState = {
  version: 1,
  name: 'one',
  subnet: 3,
  agents: true,
  nat: false,
  engineArguments: [],
  nodes: [{ name: 'node1', address: '10.99.3.1', role: 'manager' }],
};

async function directories(context: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'tutti-state-'));
  context.after(async () => await rm(root, { recursive: true }));
  return { dataDirectory: join(root, 'data'), runDirectory: join(root, 'run') };
}

test('what is written is read', async (context) => {
  const bases = await directories(context);
  const cluster = layoutCluster('one', bases);
  assert.equal(await findState(cluster), undefined);
  assert.deepEqual(await clusterNames(bases), []);
  await writeState(cluster, state);
  assert.deepEqual(await readState(cluster), state);
  assert.deepEqual(await clusterNames(bases), ['one']);
});

test('a cluster that is not there is named, with those that are', async (context) => {
  const bases = await directories(context);
  const cluster = layoutCluster('one', bases);
  const message = /no development cluster 'one'; 'tutti dev up' makes one/;
  await assert.rejects(readState(cluster), { code: 'not-found', message });
  await writeState(layoutCluster('demo', bases), state);
  await assert.rejects(readState(cluster), { message: /no development cluster 'one'; there is --name demo/ });
});

test('a file that makes no sense is told from one that is missing', async (context) => {
  const cluster = layoutCluster('one', await directories(context));
  await writeState(cluster, state);
  await writeFile(cluster.stateFile, '{"version": 2}');
  await assert.rejects(readState(cluster), { code: 'corrupt', message: /tutti dev down --name one/ });
});

test('a node that is not there is told with those that are', () => {
  assert.equal(nodeNamed(state, 'node1').address, '10.99.3.1');
  assert.throws(() => nodeNamed(state, 'node9'), { code: 'not-found', message: /no node 'node9'; it has node1/ });
});

test('names that could leave the directories are refused', () => {
  const bases = { dataDirectory: '/data', runDirectory: '/run' };
  for (const name of ['', '..', 'a/b', 'A', '-a', 'a'.repeat(21)]) {
    assert.throws(() => layoutCluster(name, bases), { code: 'invalid-argument' });
  }
  const node = layoutNode(layoutCluster('one', bases), 'node1');
  assert.equal(node.engine.socket, '/run/one/node1/docker.sock');
  assert.equal(node.dockerSocket, '/run/one/node1/tutti/docker.sock');
  assert.equal(node.namespace, 'tutti-one-node1');
});
