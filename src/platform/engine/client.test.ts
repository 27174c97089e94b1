import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEngineClient } from './client.ts';

/** A socket that answers as the test says; `/version` as an engine of API 1.45 unless it is answered too. */
async function serve(answer: RequestListener) {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-client-'));
  const path = join(directory, 'engine.sock');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/version') response.end(JSON.stringify({ ApiVersion: '1.45', Version: '26.1' }));
    else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const client = createEngineClient(`unix://${path}`);
  return {
    client,
    asked,
    server,
    async [Symbol.asyncDispose]() {
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

test('the version is negotiated once and used in every path', async () => {
  await using engine = await serve((_, response) => response.end('[]'));
  assert.deepEqual(await engine.client.listContainers(['a=b']), []);
  await engine.client.listContainers([]);
  assert.equal(engine.asked[0], 'GET /version');
  assert.match(engine.asked[1] ?? '', /^GET \/v1\.45\/containers\/json\?all=true&filters=/);
  assert.equal(engine.asked.length, 3);
});

test('an engine that never answers is a deadline, and so is one that stops in the middle', async () => {
  await using silent = await serve(() => undefined);
  await assert.rejects(silent.client.listContainers([], { deadlineMs: 50 }), {
    code: 'deadline-exceeded',
    message: /50 ms/,
  });
  await using half = await serve((_, response) => void response.write('['));
  await assert.rejects(half.client.listContainers([], { deadlineMs: 50 }), { code: 'deadline-exceeded' });
});

test('a connection that breaks is unavailable, before and in the middle of an answer', async () => {
  await using before = await serve((request) => void request.socket.destroy());
  await assert.rejects(before.client.listContainers([]), { code: 'unavailable' });
  await using during = await serve((request, response) => {
    response.write('[', () => request.socket.destroy());
  });
  await assert.rejects(during.client.listContainers([]), { code: 'unavailable' });
});

test('a stream that breaks throws; one that is aborted is cancelled', async () => {
  await using broken = await serve((request, response) => {
    response.write('{"Action":"start","Actor":{"ID":"x"}}\n', () => setImmediate(() => request.socket.destroy()));
  });
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    for await (const event of broken.client.events({ labels: [] })) seen.push(event.kind);
  };
  await assert.rejects(read(), { code: 'unavailable' });
  assert.deepEqual(seen, ['started']);

  await using open = await serve((_, response) => response.flushHeaders());
  const controller = new AbortController();
  const follow = async (): Promise<void> => {
    const options = { labels: [], signal: controller.signal, onOpen: () => controller.abort() };
    for await (const event of open.client.events(options)) seen.push(event.kind);
  };
  await assert.rejects(follow(), { code: 'cancelled' });
});

test('an address that the engine still holds is nothing that lasts; a port that is taken is', async () => {
  const start = async (message: string): Promise<boolean> => {
    await using engine = await serve((_, response) => response.writeHead(403).end(JSON.stringify({ message })));
    return await engine.client.startContainer('x');
  };
  await assert.rejects(start('Address already in use'), { code: 'unavailable' });
  await assert.rejects(start('listen tcp4 0.0.0.0:80: bind: address already in use'), { code: 'permission-denied' });
});

test('an answer that is not what it should be is refused', async () => {
  await using html = await serve((_, response) => response.end('<html>'));
  await assert.rejects(html.client.listContainers([]), { code: 'internal', message: /not JSON/ });
  await using other = await serve((_, response) => response.end('[{"Id":7}]'));
  await assert.rejects(other.client.listContainers([]), { code: 'internal', message: /shape/ });
});

test('an error line in a pull fails it', async () => {
  const lines = ['{"status":"Pulling","id":"x"}', '{"error":"manifest unknown","errorDetail":{}}'];
  await using engine = await serve((_, response) => response.end(lines.join('\r\n')));
  const heard: string[] = [];
  const pulling = engine.client.pullImage('app', { onProgress: (status) => void heard.push(status) });
  await assert.rejects(pulling, { code: 'not-found', message: 'manifest unknown' });
  assert.deepEqual(heard, ['x: Pulling']);
  assert.match(engine.asked[1] ?? '', /fromImage=app&tag=latest/);
});
