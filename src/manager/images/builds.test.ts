import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { TestCluster } from '../testing/cluster.ts';
import { buildHints } from './build-node.ts';

const free = { constraints: [], affinities: [] };
const at = (node: string) => ({ constraints: [`node==${node}`], affinities: [] });
const { signal } = new AbortController();

test('builds stay on one node while it is there, and go where their conditions say', async () => {
  await using cluster = await TestCluster.start({ nodes: 4 });
  const { builds } = cluster.manager;
  const usual = builds.defaultNode();
  assert.equal(builds.defaultNode(), usual);
  assert.equal(builds.begin({ hints: free }, signal).nodeId, usual);
  assert.equal(builds.begin({ hints: at('node3') }, signal).nodeId, 'node3');
  assert.throws(() => builds.begin({ hints: at('node9') }, signal), /Unable to find a node that satisfies/);
  cluster.setNodeState(usual, 'down');
  assert.notEqual(builds.defaultNode(), usual);
  cluster.setNodeState(usual, 'ready');
  assert.equal(builds.defaultNode(), usual);
});

test('a session and its build meet, whichever comes first', async () => {
  await using cluster = await TestCluster.start({ nodes: 4 });
  const { builds } = cluster.manager;
  const session = builds.openSession('one', signal);
  await setImmediate();
  assert.equal(builds.begin({ session: 'one', hints: at('node2') }, signal).nodeId, 'node2');
  assert.equal(await session, 'node2');
  assert.equal(builds.begin({ session: 'two', hints: at('node3') }, signal).nodeId, 'node3');
  assert.equal(await builds.openSession('two', signal), 'node3');
  // Another build in the session that is open.
  assert.equal(builds.begin({ session: 'two', hints: free }, signal).nodeId, 'node3');
  assert.throws(
    () => builds.begin({ session: 'two', hints: at('node1') }, signal),
    /session of this build is on a node/,
  );
});

test('a session that no build names goes to the usual node; one whose client goes is forgotten', async () => {
  await using cluster = await TestCluster.start({ nodes: 4 });
  const { builds } = cluster.manager;
  const session = builds.openSession('one', signal);
  await setImmediate();
  cluster.clock.advance(1000);
  assert.equal(await session, builds.defaultNode());
  const client = new AbortController();
  builds.begin({ session: 'two', hints: at('node3') }, signal);
  assert.equal(await builds.openSession('two', client.signal), 'node3');
  await assert.rejects(builds.openSession('two', signal), /session two already exists/);
  client.abort(new Error('gone'));
  assert.equal(builds.begin({ session: 'two', hints: at('node1') }, signal).nodeId, 'node1');
  const waiting = new AbortController();
  const late = builds.openSession('three', waiting.signal);
  waiting.abort(new Error('gone'));
  await assert.rejects(late, /gone/);
});

test('a build is found by its id until it ends', async () => {
  await using cluster = await TestCluster.start({ nodes: 2 });
  const { builds } = cluster.manager;
  const build = builds.begin({ buildId: 'b', hints: at('node2') }, signal);
  assert.equal(builds.nodeOf('b'), 'node2');
  build[Symbol.dispose]();
  assert.equal(builds.nodeOf('b'), undefined);
});

test('hints are taken out of the arguments', () => {
  const found = buildHints({ 'constraint:node': '=node2', 'affinity:image!': 'redis', A: '1', B: null }, {});
  assert.deepEqual(found.arguments, { A: '1', B: null });
  assert.deepEqual(found.hints, { constraints: ['node==node2'], affinities: ['image!=redis'] });
  const labels = { 'com.docker.swarm.constraints': '["storage==ssd"]' };
  assert.deepEqual(buildHints({}, labels).hints.constraints, ['storage==ssd']);
  assert.throws(() => buildHints({ 'constraint:': 'x' }, {}));
});
