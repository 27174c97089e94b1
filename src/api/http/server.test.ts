import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { readJson } from './body.ts';
import type { Reply } from './reply.ts';
import { json, stream } from './reply.ts';
import type { Answer } from './serve.ts';
import { serve } from './serve.ts';
import { createApiServer } from './server.ts';

const start = async (answer: Answer, patience = { lateBodyMs: 200, slowReaderMs: 200 }) => {
  const faults: unknown[] = [];
  const server = createApiServer(serve(answer, (fault) => faults.push(fault), patience));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) =>
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  return {
    faults,
    connections,
    open: async (text: string): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(text);
      return socket;
    },
    get: async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`)).status,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};

/** What is said until the other end is done. */
const heard = async (socket: Socket): Promise<string> => {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
};

test('a client that goes on with its request after the answer is cut off', async () => {
  await using parts = await start(() => Promise.resolve(json({ message: 'no' }, 404)));
  const socket = await parts.open('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhalf');
  assert.match(await heard(socket), /^HTTP\/1.1 404/);
  assert.equal(await parts.get(), 404);
});

test('a client that does not read its answer is cut off', async () => {
  await using parts = await start(() => Promise.resolve(json('x'.repeat(20_000_000))));
  const socket = await parts.open('GET /x HTTP/1.1\r\nHost: x\r\n\r\n');
  socket.pause();
  await until('the connection is gone', parts.connections, (count) => count === 0, { deadlineMs: 5000, everyMs: 20 });
  socket.destroy();
});

test('a client that asked for another protocol, got an answer and hung up leaves nothing', async () => {
  const never = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first');
    await new Promise(() => undefined);
  };
  const replies: readonly Reply[] = [json('refused', 400), stream(never(), 'application/json')];
  for (const reply of replies) {
    await using parts = await start(() => Promise.resolve(reply));
    const request =
      'POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 9000\r\n\r\nhalf';
    const socket = await parts.open(request);
    await once(socket, 'data');
    socket.destroy();
    await until('the connection is gone', parts.connections, (count) => count === 0, { deadlineMs: 3000, everyMs: 20 });
  }
});

test('what refuses another protocol is sent as it is', async () => {
  const refusal = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('no\n'));
  };
  await using parts = await start(() =>
    Promise.resolve({ kind: 'stream', status: 400, chunks: refusal(), headers: {} }),
  );
  const socket = await parts.open('POST /containers/x/attach HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\n\r\n');
  assert.match(await heard(socket), /^HTTP\/1.1 400 [^]*\r\n\r\nno\n$/);
});

test('a request that asks for another protocol has its body and no more', async () => {
  await using parts = await start(async (request) => json(await readJson(request, 1000)));
  const head = 'POST /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n';
  const socket = await parts.open(`${head}Content-Length: 7\r\n\r\n{"a":1}and more`);
  assert.match(await heard(socket), /\{"a":1\}/);
  const none = await parts.open(`${head}\r\n`);
  assert.match(await heard(none), /^HTTP\/1.1 200/);
});

test('a connection is taken over as dockerd does, whatever its headers say of it', async () => {
  const echo: Answer = (request) =>
    Promise.resolve(
      request.upgrade === undefined ? json('a plain answer') : { kind: 'upgraded', status: 101, chunks: request.body },
    );
  await using parts = await start(echo);
  const said = async (head: string, after = 'typed'): Promise<string> => {
    const socket = await parts.open(`${head}\r\nHost: x\r\n\r\n`);
    // The end of this half is the end of what the other one says.
    socket.end(after);
    return await heard(socket);
  };
  const upgrade = 'HTTP/1.1\r\nUpgrade: tcp';
  for (const path of ['/exec/x/start', '/v1.41/containers/node1/x/attach?stream=1', '/session', '/v1.41/grpc']) {
    assert.match(await said(`POST ${path} ${upgrade}`), /^HTTP\/1.1 101 [^]*Upgrade: tcp[^]*\r\n\r\ntyped$/);
  }
  for (const path of ['/v1.41/exec/x/start', '/containers/x/attach']) {
    const raw = await said(`POST ${path} HTTP/1.1`);
    assert.match(raw, /^HTTP\/1.1 200 OK\r\ncontent-type: application\/vnd.docker.raw-stream\r\n\r\ntyped$/);
    assert.match(await said(`POST ${path} HTTP/1.1\r\nTransfer-Encoding: chunked`, '0\r\n\r\n'), /a plain answer/);
  }
  for (const head of ['GET /exec/x/start', 'POST /exec/x/resize', 'POST /containers/create?name=/attach']) {
    assert.match(await said(`${head} ${upgrade}`, ''), /a plain answer/);
  }
  assert.match(await said('POST /session HTTP/1.1', ''), /a plain answer/);
});

const sent: readonly (readonly [string, string, RegExp])[] = [
  ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1.1 400/],
  [
    'a head of 2 MiB',
    `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(2 * 1024 * 1024)}\r\n\r\n`,
    /^(?:HTTP\/1.1 431|$)/,
  ],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', /^HTTP\/1.1 400/],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    /^HTTP\/1.1 400/,
  ],
  [
    'a chunk of nonsense',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    /^HTTP\/1.1 400|^$/,
  ],
  ['a header with a line feed', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\nc\r\n\r\n', /^HTTP\/1.1 400/],
  ['another version', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n', /^HTTP\/1.1 (?:400|505)/],
];

test('what is no request is refused, and everybody else is answered', async (t) => {
  await using parts = await start(async (request) => json((await readJson(request, 1000)) ?? null));
  for (const [name, text, expected] of sent) {
    await t.test(name, async () => {
      const socket = await parts.open(text);
      assert.match(await heard(socket).catch(() => ''), expected);
      assert.equal(await parts.get(), 200);
    });
  }
});
