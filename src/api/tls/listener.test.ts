import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { authority, credentialsOf, listenForTest } from '../../../test/support/tls.ts';
import { until } from '../../../test/support/until.ts';
import { issueClientCertificate, issueServerCertificate } from '../../manager/ca/issue.ts';
import { createAuthority } from '../../manager/ca/authority.ts';
import { silentLog } from '../../platform/log.ts';
import type { Credentials } from '../../rpc/certificates/credentials.ts';
import { createRequest } from '../../rpc/certificates/request.ts';
import { serve } from '../http/serve.ts';
import { json, stream } from '../http/reply.ts';
import { createTlsApi } from './listener.ts';

const now = Date.now();
const clientOf = async (clientId: string, by = authority): Promise<Credentials> => {
  const { key, request: asked } = await createRequest();
  const subject = { clientId, clusterId: 'cluster', lifeMs: 60_000 };
  return { key, certificate: await issueClientCertificate(by, asked, subject, now), authority: authority.certificate };
};
const server = async (): Promise<Credentials> => {
  const { key, request: asked } = await createRequest();
  const subject = { clusterId: 'cluster', names: ['127.0.0.1', 'localhost'] };
  return {
    key,
    certificate: await issueServerCertificate(authority, asked, subject, now),
    authority: authority.certificate,
  };
};

const start = async () => {
  const clients = new Set(['ann', 'bob']);
  const served = serve(
    async ({ path, signal }) => {
      if (path !== '/endless') return json({ path });
      const endless = async function* () {
        yield 'x';
        await once(signal, 'abort');
      };
      return stream(endless(), 'text/plain');
    },
    () => undefined,
  );
  const options = { host: '127.0.0.1', port: 0, credentials: await server(), log: silentLog };
  const api = await createTlsApi({ ...options, served, isClient: (id) => clients.has(id) });
  return { api, clients };
};

const get = async (port: number, credentials: Partial<Credentials>, path = '/') => {
  const { key, certificate: cert } = credentials;
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    ca: authority.certificate,
    agent: false,
    ...(key && cert && { key, cert }),
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
};
const textOf = async (response: AsyncIterable<unknown>): Promise<string> => {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
};

test('a client of the cluster is answered, whoever has no certificate of it is not', async () => {
  await using parts = new AsyncDisposableStack();
  const { api } = await start();
  parts.use(api);
  const answer = await get(api.port, await clientOf('ann'), '/info');
  assert.equal(answer.statusCode, 200);
  assert.equal(await textOf(answer), '{"path":"/info"}\n');
  await assert.rejects(get(api.port, {}));
  await assert.rejects(get(api.port, await clientOf('ann', await createAuthority('cluster', now))));
});

test("a node's certificate and a revoked one are refused in words", async () => {
  await using parts = new AsyncDisposableStack();
  const { api, clients } = await start();
  parts.use(api);
  for (const credentials of [await credentialsOf(authority, 'node-a', 'manager'), await clientOf('eve')]) {
    const answer = await get(api.port, credentials);
    assert.equal(answer.statusCode, 403);
    assert.match(await textOf(answer), /tutti context create/);
  }
  const bob = await clientOf('bob');
  const following = await get(api.port, bob, '/endless');
  const ended = textOf(following).catch((error: Error) => error.message);
  clients.delete('bob');
  api.drop('bob');
  assert.notEqual(await ended, 'x');
  assert.equal((await get(api.port, bob)).statusCode, 403);
});

test('a client is no node: the listener of agents takes it for a stranger', async () => {
  await using parts = new AsyncDisposableStack();
  const listener = parts.use(
    await listenForTest({ session: () => assert.fail('no session'), refusal: () => undefined }),
  );
  const { key, certificate: cert } = await clientOf('ann');
  const socket = connect({
    port: listener.port,
    host: '127.0.0.1',
    ca: authority.certificate,
    key,
    cert,
    servername: 'manager',
    ALPNProtocols: ['h2'],
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
});

test('who opens connections and says nothing does not keep others out, and loses them', async () => {
  await using parts = new AsyncDisposableStack();
  const { api } = await start();
  parts.use(api);
  const silent: Socket[] = Array.from({ length: 150 }, () =>
    connectTcp(api.port, '127.0.0.1').on('error', () => undefined),
  );
  const lost = (): number => silent.filter((socket) => socket.destroyed || socket.readyState === 'closed').length;
  for (const socket of silent) socket.resume();
  await until(
    'more than a hundred are not kept',
    () => lost(),
    (count) => count >= 50,
  );
  for (const socket of silent) socket.destroy();
  await until(
    'their places are free',
    async () => (await get(api.port, await clientOf('ann')).catch(() => undefined))?.statusCode,
    (status) => status === 200,
  );
});
