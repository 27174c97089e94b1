import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clusterSpec } from '../../model/cluster.ts';
import { TuttiError } from '../../model/errors.ts';
import { nodeId } from '../../model/ids.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandomness } from '../../platform/random.ts';
import { joinAnswer, leaveAnswer } from '../../rpc/calls.ts';
import { identityOfPem } from '../../rpc/certificates/credentials.ts';
import { renewWith } from '../../rpc/certificates/renew.ts';
import { createRequest } from '../../rpc/certificates/request.ts';
import { createToken } from '../../rpc/certificates/token.ts';
import { callManager } from '../../rpc/http2/call.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import { authority, listenForTest } from '../../../test/support/tls.ts';
import { createMembershipCalls } from './calls.ts';

const clock = systemClock;

const open = async () => {
  const store = await createStore({ driver: memoryDriver(), clock });
  const joinTokens = { manager: createToken(authority.certificate), worker: createToken(authority.certificate) };
  await store.update((transaction) =>
    transaction.create('cluster', {
      id: 'cluster',
      version: 0,
      createdAt: 0,
      updatedAt: 0,
      spec: clusterSpec.parse({}),
      caCertificate: authority.certificate,
      caKey: authority.key,
      joinTokens,
    }),
  );
  const calls = createMembershipCalls({
    store,
    // Attempts come back with time: here it stands still.
    clock: { ...clock, monotonic: () => 0 },
    random: systemRandomness,
    log: silentLog,
    managers: () => ['10.0.0.1:2377'],
    removeNode: async (id) => void (await store.update((transaction) => transaction.delete('node', id))),
  });
  const refusal = (peer: { readonly nodeId: string }) =>
    store.view.get('node', peer.nodeId) === undefined ? new TuttiError('permission-denied', 'removed') : undefined;
  const listener = await listenForTest({ refusal, session: () => assert.fail('no session') }, { calls });
  const address = `127.0.0.1:${listener.port}`;
  const join = async (token: string) => {
    const { key, request } = await createRequest();
    const trust = { kind: 'authority', authority: authority.certificate } as const;
    const answer = await callManager({
      address,
      name: 'join',
      trust,
      body: { token, request },
      answer: joinAnswer,
      clock,
    });
    return { answer, credentials: { key, certificate: answer.certificate, authority: answer.authority } };
  };
  return {
    store,
    joinTokens,
    address,
    join,
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
};

describe('membership', () => {
  test('a machine joins, renews, leaves, and is nobody then', async () => {
    await using cluster = await open();
    const { address } = cluster;
    const { answer, credentials } = await cluster.join(cluster.joinTokens.worker);
    const node = cluster.store.view.get('node', answer.nodeId);
    assert.deepEqual(node?.spec, { role: 'worker', availability: 'active' });
    assert.deepEqual(identityOfPem(answer.certificate), {
      nodeId: answer.nodeId,
      role: 'worker',
      clusterId: 'cluster',
    });
    assert.deepEqual(answer.managers, ['10.0.0.1:2377']);

    const signal = AbortSignal.timeout(10_000);
    const renewed = await renewWith({ managers: ['127.0.0.1:1', address], credentials, clock, signal });
    assert.notEqual(renewed.key, credentials.key);
    assert.equal(identityOfPem(renewed.certificate).nodeId, answer.nodeId);

    const leave = { address, name: 'leave', body: {}, answer: leaveAnswer, clock };
    await callManager({ ...leave, trust: { kind: 'node', credentials: renewed } });
    assert.equal(cluster.store.view.get('node', answer.nodeId), undefined);
    await assert.rejects(renewWith({ managers: [address], credentials: renewed, clock, signal }), {
      code: 'permission-denied',
    });
  });

  test('a token may be used by many machines until it is rotated; then it is worth nothing', async () => {
    await using cluster = await open();
    const [one, two] = await Promise.all([
      cluster.join(cluster.joinTokens.worker),
      cluster.join(cluster.joinTokens.worker),
    ]);
    assert.notEqual(one.answer.nodeId, two.answer.nodeId);
    await cluster.store.update((transaction) => {
      const [row] = transaction.list('cluster');
      assert.ok(row);
      const joinTokens = { ...row.joinTokens, worker: createToken(authority.certificate) };
      transaction.update('cluster', { ...row, joinTokens });
    });
    await assert.rejects(cluster.join(cluster.joinTokens.worker), { code: 'unauthenticated' });
    assert.equal(cluster.store.view.count('node'), 2);
  });

  test('who guesses is stopped after a while', async () => {
    await using cluster = await open();
    const codes: string[] = [];
    for (let attempt = 0; attempt < 30; attempt += 1) {
      await cluster.join(createToken(authority.certificate)).catch((error: TuttiError) => codes.push(error.code));
    }
    assert.equal(codes.length, 30);
    assert.equal(codes[0], 'unauthenticated');
    assert.equal(codes.at(-1), 'resource-exhausted');
  });

  test('the next certificate has the role that the cluster gives the node then', async () => {
    await using cluster = await open();
    const { answer, credentials } = await cluster.join(cluster.joinTokens.worker);
    await cluster.store.update((transaction) => {
      const row = transaction.get('node', nodeId.parse(answer.nodeId));
      assert.ok(row);
      transaction.update('node', { ...row, spec: { ...row.spec, role: 'manager' } });
    });
    const signal = AbortSignal.timeout(10_000);
    const renewed = await renewWith({ managers: [cluster.address], credentials, clock, signal });
    assert.equal(identityOfPem(renewed.certificate).role, 'manager');
  });

  test('a second manager is refused while the store is for one', async () => {
    await using cluster = await open();
    await assert.rejects(cluster.join(cluster.joinTokens.manager), { code: 'not-implemented' });
  });
});
