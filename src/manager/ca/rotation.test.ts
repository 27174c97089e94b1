import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { TuttiError } from '../../model/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { TestCluster } from '../testing/cluster.ts';
import { startRotation } from './rotation.ts';
import { authoritiesOf, tlsNow, trustOf } from './trust.ts';

/** A cluster whose nodes renew when they are asked, but for those in `away`. */
const start = async () => {
  const cluster = await TestCluster.start({ nodes: 2 });
  const away = new Set<string>();
  const trusted: string[] = [];
  const row = () => cluster.manager.queries.cluster();
  const rotation = startRotation({
    store: cluster.store,
    clock: cluster.clock,
    log: silentLog,
    joinToken: (certificate) => `token of ${certificate.length} ${certificate.slice(30, 60)}`,
    renewed: async () => undefined,
    requests: {
      request: async (nodeId, { path }) => {
        assert.equal(path, '/renew');
        if (away.has(nodeId)) throw new TuttiError('unavailable', `${nodeId} is away`);
        trusted.push(trustOf(row()));
        await cluster.store.update((transaction) => {
          const node = transaction.get('node', nodeId);
          if (node !== undefined) transaction.update('node', { ...node, tls: tlsNow(row()) });
        });
        return { status: 200, body: (async function* () {})() };
      },
    },
  });
  const settle = async (done: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 200 && !done(); turn += 1) {
      cluster.clock.advance(500);
      await setImmediate();
    }
    assert.ok(done());
  };
  return { cluster, away, trusted, row, rotation, settle };
};

test('nodes trust both authorities before one has a certificate of the new one, and the new one alone at the end', async () => {
  const { cluster, trusted, row, rotation, settle } = await start();
  await using parts = new AsyncDisposableStack();
  parts.use(cluster);
  parts.use(rotation);
  const before = row();
  await cluster.manager.commands.rotateAuthority();
  assert.equal(row().caCertificate, before.caCertificate, 'the old one issues until all trust the new one');
  await settle(() => row().rotation === undefined);
  const after = row();
  assert.notEqual(after.caCertificate, before.caCertificate);
  assert.notEqual(after.caKey, before.caKey);
  assert.notEqual(after.joinTokens.worker, before.joinTokens.worker);
  const both = `${after.caCertificate}${before.caCertificate}`;
  assert.deepEqual(
    new Set(trusted),
    new Set([`${before.caCertificate}${after.caCertificate}`, both, after.caCertificate]),
  );
  for (const { node } of cluster.manager.queries.nodes()) assert.deepEqual(node.tls, tlsNow(after));
});

test('a node that is away holds it up, is shown with what it has, and can be removed', async () => {
  const { cluster, away, row, rotation, settle } = await start();
  await using parts = new AsyncDisposableStack();
  parts.use(cluster);
  parts.use(rotation);
  away.add('node2');
  const before = row();
  await cluster.manager.commands.rotateAuthority();
  await assert.rejects(cluster.manager.commands.rotateAuthority(), { code: 'conflict' });
  await settle(() => cluster.manager.queries.node('node1').node.tls?.trust === tlsNow(row()).trust);
  cluster.clock.advance(60_000);
  await setImmediate();
  const now = row();
  assert.equal(now.rotation?.phase, 'trust');
  const { node } = cluster.manager.queries.node('node2');
  assert.deepEqual(authoritiesOf(now, node), { issuer: before.caCertificate, trust: before.caCertificate });
  await cluster.manager.commands.removeNode('node2', true);
  await settle(() => row().rotation === undefined);
});
