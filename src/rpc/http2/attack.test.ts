import assert from 'node:assert/strict';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import * as z from 'zod';
import { createAuthority } from '../../manager/ca/authority.ts';
import { TuttiError } from '../../model/errors.ts';
import type { AgentMessage, ManagerMessage } from '../../model/protocol.ts';
import { systemClock } from '../../platform/clock.ts';
import { authority, credentialsOf, listenForTest } from '../../../test/support/tls.ts';
import type { Calls } from '../calls.ts';
import type { Credentials } from '../certificates/credentials.ts';
import { createRecorder } from '../transport.contract.ts';
import type { Channel, ManagerService, Peer } from '../transport.ts';
import { createHttp2AgentTransport } from './agent.ts';
import { callManager } from './call.ts';
import type { DialTrust } from './dial.ts';

const worker = await credentialsOf(authority, 'worker-1', 'worker');
const manager = await credentialsOf(authority, 'manager-2', 'manager');
const foreignAuthority = await createAuthority('cluster', Date.now());
const foreign = await credentialsOf(foreignAuthority, 'worker-1', 'worker');

type Recorder = ReturnType<typeof createRecorder<AgentMessage>>;

const open = async (options: { readonly maxMessageBytes?: number } = {}) => {
  const sessions: { readonly channel: Channel<ManagerMessage>; readonly heard: Recorder }[] = [];
  const removed = new Set<string>();
  const service: ManagerService = {
    refusal: (peer: Peer) =>
      removed.has(peer.nodeId) ? new TuttiError('permission-denied', 'it was removed') : undefined,
    session: (_peer, channel) => {
      const heard = createRecorder<AgentMessage>();
      sessions.push({ channel, heard });
      return heard.handlers;
    },
  };
  const answer = () => Promise.resolve({ done: true });
  const calls: Calls = {
    open: { access: 'anyone', handle: answer },
    member: { access: 'node', handle: answer },
    govern: { access: 'manager', handle: answer },
  };
  const listener = await listenForTest(service, { calls, ...options });
  const address = `127.0.0.1:${listener.port}`;
  const call = async (name: string, trust: DialTrust) =>
    await callManager({ address, name, trust, body: {}, answer: z.object({ done: z.boolean() }), clock: systemClock });
  const connect = async (credentials: Credentials) => {
    const transport = createHttp2AgentTransport({ clock: systemClock, credentials: () => credentials });
    const heard = createRecorder<ManagerMessage>();
    return { heard, channel: await transport.connect(address, heard.handlers, AbortSignal.timeout(30_000)) };
  };
  return {
    sessions,
    removed,
    listener,
    address,
    call,
    connect,
    [Symbol.asyncDispose]: listener[Symbol.asyncDispose],
  };
};

const node = (credentials: Credentials): DialTrust => ({ kind: 'node', credentials });
const nobody: DialTrust = { kind: 'authority', authority: authority.certificate };

test('who may call what', async () => {
  await using managers = await open();
  const { call } = managers;
  await call('open', nobody);
  await assert.rejects(call('member', nobody), { code: 'unauthenticated' });
  await assert.rejects(call('govern', nobody), { code: 'unauthenticated' });
  await call('member', node(worker));
  await assert.rejects(call('govern', node(worker)), { code: 'permission-denied' });
  await call('govern', node(manager));
  await assert.rejects(call('nothing', node(manager)), { code: 'not-found' });
  await assert.rejects(call('__proto__', node(manager)), { code: 'not-found' });
});

test('a certificate of another authority gets nothing, not even what anyone gets', async () => {
  await using managers = await open();
  const trusting = { ...foreign, authority: authority.certificate };
  await assert.rejects(managers.call('open', node(trusting)), { code: 'unavailable' });
  await assert.rejects(managers.connect(trusting), { code: 'unavailable' });
});

test('a node that was removed gets nothing, and its streams end', async () => {
  await using managers = await open();
  const { heard } = await managers.connect(worker);
  managers.removed.add('worker-1');
  await assert.rejects(managers.call('member', node(worker)), { code: 'permission-denied' });
  await assert.rejects(managers.call('open', node(worker)), { code: 'permission-denied' });
  await assert.rejects(managers.connect(worker), { code: 'permission-denied' });
  managers.listener.drop('worker-1');
  await heard.until(() => heard.ending() !== undefined);
});

test("a worker's certificate does not make a manager of it", async () => {
  const service: ManagerService = { refusal: () => undefined, session: () => assert.fail('no session') };
  await using impostor = await listenForTest(service, { credentials: worker });
  const transport = createHttp2AgentTransport({ clock: systemClock, credentials: () => manager });
  const heard = createRecorder<ManagerMessage>();
  await assert.rejects(transport.connect(`127.0.0.1:${impostor.port}`, heard.handlers, AbortSignal.timeout(30_000)), {
    code: 'unauthenticated',
  });
});

test('a manager of another cluster is not believed', async () => {
  await using managers = await open();
  const other: DialTrust = { kind: 'authority', authority: foreignAuthority.certificate };
  await assert.rejects(managers.call('open', other), { code: 'unauthenticated' });
});

test('a session takes a certificate', async () => {
  await using managers = await open();
  const session = connectHttp2(`https://${managers.address}`, {
    ca: authority.certificate,
    servername: 'manager',
    minVersion: 'TLSv1.3',
  });
  const stream = session.request({ ':method': 'POST', ':path': '/session' }, { endStream: false });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  assert.equal(headers[':status'], 401);
  session.destroy();
  assert.equal(managers.sessions.length, 0);
});

test('an engine that `docker swarm join` sends is told what to run, in its own protocol', async () => {
  await using managers = await open();
  const session = connectHttp2(`https://${managers.address}`, { ca: authority.certificate, servername: 'manager' });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/docker.swarmkit.v1.NodeCA/GetRootCACertificate',
    'content-type': 'application/grpc',
  });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  assert.equal(headers['grpc-status'], '12');
  assert.match(String(headers['grpc-message']), /run "tutti join" on the machine/);
  session.destroy();
});

test('older versions of TLS are refused', async () => {
  await using managers = await open();
  const socket = connectTls({
    port: managers.listener.port,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  });
  await assert.rejects(once(socket, 'secureConnect'));
});

const asWorker = (address: string): ClientHttp2Session =>
  connectHttp2(`https://${address}`, {
    ca: worker.authority,
    cert: worker.certificate,
    key: worker.key,
    servername: 'manager',
  });

test('a message that is too long ends its own session, and no other', async () => {
  await using managers = await open({ maxMessageBytes: 10_000 });
  const { channel: other } = await managers.connect(manager);
  const session = asWorker(managers.address);
  session.on('error', () => undefined);
  const stream = session.request({ ':method': 'POST', ':path': '/session' }, { endStream: false });
  stream.on('error', () => undefined);
  await once(stream, 'response');
  const ended = once(session, 'close');
  stream.write('x'.repeat(20_000));
  await ended;
  other.send({ kind: 'heartbeat' });
  const heard = managers.sessions[0]?.heard;
  await heard?.until(() => heard.messages.length === 1);
});

test('garbage in a session ends it', async () => {
  for (const garbage of ['{]\n', '\u0000\n', '[]\n', '{"kind":"applied","sequence":{}}\n']) {
    await using managers = await open();
    const session = asWorker(managers.address);
    session.on('error', () => undefined);
    const stream = session.request({ ':method': 'POST', ':path': '/session' }, { endStream: false });
    stream.on('error', () => undefined);
    await once(stream, 'response');
    const ended = once(session, 'close');
    stream.write(garbage);
    await ended;
    assert.deepEqual(managers.sessions[0]?.heard.messages, []);
    assert.notEqual(managers.sessions[0]?.heard.ending()?.reason, undefined);
  }
});

test('garbage instead of TLS does no harm', async () => {
  await using managers = await open();
  const socket = connectTcp(managers.listener.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write('GET / HTTP/1.0\r\n\r\n');
  await closed;
  await managers.call('open', nobody);
});

test('connections that do not finish their handshake are few, and their places are free again', async () => {
  await using managers = await open();
  const sockets = Array.from({ length: 130 }, () => connectTcp(managers.listener.port, '127.0.0.1'));
  const closed = sockets.map(async (socket) => {
    socket.on('error', () => undefined);
    await once(socket, 'close').catch(() => undefined);
  });
  await Promise.race(closed);
  await assert.rejects(managers.call('member', node(worker)), { code: 'unavailable' });
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
  const deadline = Date.now() + 30_000;
  for (;;) {
    const failed = await managers.call('member', node(worker)).then(
      () => false,
      () => true,
    );
    if (!failed) break;
    assert.ok(Date.now() < deadline, 'the places are not free again');
  }
  for (let time = 0; time < 120; time += 1) await managers.call('member', node(worker));
});

test('connections without a certificate are few', async () => {
  await using managers = await open();
  const sockets = Array.from({ length: 90 }, () =>
    connectTls({ port: managers.listener.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] }),
  );
  const closed = sockets.map(async (socket) => {
    socket.on('error', () => undefined);
    await once(socket, 'close').catch(() => undefined);
  });
  await Promise.race(closed);
  await managers.call('member', node(worker));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
});

test('a call with a body that is too long is refused', async () => {
  await using managers = await open();
  const long = { address: managers.address, name: 'open', trust: nobody, clock: systemClock };
  await assert.rejects(callManager({ ...long, body: 'x'.repeat(300_000), answer: z.unknown() }), (error: TuttiError) =>
    ['resource-exhausted', 'unavailable'].includes(error.code),
  );
});
