import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createConnection } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { createEngines } from '../../manager/engines/engines.ts';
import { createForwarder } from '../../platform/engine/forward.ts';
import { apiVersionHeader, parseEnginePath } from '../../rpc/engine.ts';
import { serve } from '../http/serve.ts';
import { splitVersion } from './version.ts';
import { forward } from './forward.ts';

const listen = async (server: Server): Promise<AsyncDisposable & { readonly port: number }> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};

/** An engine that echoes: what it is asked over HTTP, and every byte of a connection that was taken over. */
const createEchoEngine = (): Server =>
  createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += String(chunk);
    });
    request.on('end', () => {
      const status = request.url?.includes('missing') === true ? 404 : 200;
      response.writeHead(status, { 'x-engine': 'yes', server: 'Docker' });
      response.end(`${request.method} ${request.url} ${body}`);
    });
  }).on('upgrade', (request, socket: Socket, head: Buffer) => {
    const length = Number(request.headers['content-length'] ?? 0);
    socket.unshift(head);
    socket.once('readable', () => {
      const body = length > 0 ? String(socket.read(length)) : '';
      socket.write(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nX-Engine: yes\r\n\r\n<${body}>`);
      socket.pipe(socket);
    });
  });

/** A client's socket to the dialect's listener, and everything behind it. */
const start = async () => {
  const parts = new AsyncDisposableStack();
  const engine = parts.use(await listen(createEchoEngine()));
  const forwarder = parts.use(
    createForwarder({
      endpoint: `tcp://127.0.0.1:${engine.port}`,
      versions: { newest: () => Promise.resolve('1.45'), header: apiVersionHeader },
    }),
  );
  const engines = createEngines({
    request: async (_node, request, signal) =>
      await forwarder.forward({ ...request, path: parseEnginePath(request.path) ?? '' }, signal),
  });
  const served = serve(
    async (request) => await forward({ engines }, 'node1', { ...request, ...splitVersion(request.path) }),
    () => undefined,
  );
  const front = parts.use(await listen(createServer(served.listener).on('upgrade', served.upgrade)));
  return { front, [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose]() };
};

test('a request and its answer pass through: method, query, body, status, headers; the version is one that both speak', async () => {
  await using parts = await start();
  const at = `http://127.0.0.1:${parts.front.port}`;
  const posted = await fetch(`${at}/v1.51/echo?a=b%2Fc`, { method: 'POST', body: 'hello' });
  assert.equal(await posted.text(), 'POST /v1.45/echo?a=b%2Fc hello');
  assert.equal(posted.headers.get('x-engine'), 'yes');
  assert.equal(posted.headers.get('server'), null);
  const older = await fetch(`${at}/v1.41/missing`);
  assert.equal(older.status, 404);
  assert.equal(await older.text(), 'GET /v1.41/missing ');
});

test('a connection that is taken over: the body goes first, each half ends by itself', async () => {
  await using parts = await start();
  const socket = createConnection({ port: parts.front.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(
    'POST /v1.41/exec/x/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}first ',
  );
  let heard = '';
  socket.on('data', (chunk) => {
    heard += String(chunk);
    if (heard.endsWith('first ')) socket.end('last');
  });
  await once(socket, 'end');
  assert.match(heard, /^HTTP\/1\.1 101 UPGRADED\r\n/);
  assert.match(heard, /x-engine: yes/i);
  assert.ok(heard.endsWith('\r\n\r\n<{}>first last'), heard);
});

test('a connection that is taken over: megabytes come back whole and in order', async () => {
  await using parts = await start();
  const socket = createConnection({ port: parts.front.port, host: '127.0.0.1', allowHalfOpen: true });
  const sent = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
  socket.write(
    'POST /v1.41/exec/x/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}',
  );
  socket.end(sent);
  const heard = await buffer(socket);
  const marker = '\r\n\r\n<{}>';
  const echoed = heard.subarray(heard.indexOf(marker) + marker.length);
  assert.ok(echoed.equals(sent), `${echoed.length} of ${sent.length} bytes`);
});
