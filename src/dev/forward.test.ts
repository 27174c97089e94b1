import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { forward } from './forward.ts';

async function answering(text: string) {
  const server = createServer((_, response) => response.end(text));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

const get = async (port: number): Promise<string> =>
  await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();

test('connections go to the targets in turn, past one that does not answer', async () => {
  const one = await answering('one');
  const two = await answering('two');
  const targets = [one.port, 1, two.port].map((port) => ({ host: '127.0.0.1', port }));
  try {
    await using passing = await forward(0, targets);
    const answers = new Set([await get(passing.port), await get(passing.port), await get(passing.port)]);
    assert.deepEqual([...answers].toSorted(), ['one', 'two']);
  } finally {
    one.server.close();
    two.server.close();
  }
});

test('the next port is taken where one is in use', async () => {
  const busy = await answering('busy');
  try {
    await using passing = await forward(busy.port, []);
    assert.ok(passing.port > busy.port);
    await assert.rejects(get(passing.port));
  } finally {
    busy.server.close();
  }
});

test('nothing listens after it is closed', async () => {
  const passing = await forward(0, []);
  await passing[Symbol.asyncDispose]();
  await assert.rejects(get(passing.port));
});
