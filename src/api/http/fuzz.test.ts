import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { until } from '../../../test/support/until.ts';
import { TuttiError } from '../../model/errors.ts';
import { readJson } from './body.ts';
import { json, stream } from './reply.ts';
import type { Answer } from './serve.ts';
import { serve } from './serve.ts';
import { createApiServer } from './server.ts';

const requests = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /stream?a=b HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a":"b"}',
  'POST /json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n5\r\n:"b"}\r\n0\r\n\r\n',
  'POST /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}and more',
  'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  'POST /json HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}',
];

async function* endless(signal: AbortSignal): AsyncGenerator<string> {
  for (let count = 0; !signal.aborted; count += 1) {
    yield `${count} ${'x'.repeat(1000)}\n`;
    await setImmediate();
  }
}

const answer: Answer = async (request) => {
  try {
    if (request.path === '/stream') return stream(endless(request.signal), 'text/plain');
    if (request.path === '/echo' && request.upgrade !== undefined) {
      return { kind: 'upgraded', status: 101, chunks: request.body };
    }
    if (request.path === '/json') return json((await readJson(request, 10_000)) ?? null);
    return json('hello');
  } catch (thrown) {
    return json({ message: TuttiError.from(thrown).message }, 400);
  }
};

/** Texts of requests with some of their bytes changed, taken out, put in twice or cut off. */
const mangled = fc
  .record({
    parts: fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 3 }),
    changes: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        kind: fc.constantFrom('flip', 'cut', 'double', 'insert', 'end'),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ parts, changes }) => {
    let text = Buffer.from(parts.join(''));
    for (const { at, kind, bytes } of changes) {
      const place = Math.floor(at * text.length);
      const [before, after] = [text.subarray(0, place), text.subarray(place)];
      if (kind === 'flip') text = Buffer.concat([before, bytes, after.subarray(bytes.length)]);
      else if (kind === 'cut') text = Buffer.concat([before, after.subarray(bytes.length)]);
      else if (kind === 'double') text = Buffer.concat([text, before]);
      else if (kind === 'insert') text = Buffer.concat([before, bytes, after]);
      else text = Buffer.from(before);
    }
    return text;
  });

const visits = fc.record({
  text: mangled,
  pieces: fc.integer({ min: 1, max: 4 }),
  leave: fc.constantFrom('end', 'destroy', 'reset'),
  isDeaf: fc.boolean(),
});

test('whatever is said over a connection: others are answered, and nothing stays behind', {
  timeout: 60_000,
}, async () => {
  const faults: unknown[] = [];
  const patience = { lateBodyMs: 100, slowReaderMs: 100 };
  const server = createApiServer(serve(answer, (fault) => faults.push(fault), patience));
  await using _closing = {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const visit = async ({
    text,
    pieces,
    leave,
    isDeaf,
  }: typeof visits extends fc.Arbitrary<infer One> ? One : never) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    if (!isDeaf) socket.resume();
    const size = Math.ceil(text.length / pieces);
    for (let at = 0; at < text.length; at += size) {
      socket.write(text.subarray(at, at + size));
      await setImmediate();
    }
    if (leave === 'end') socket.end();
    await setImmediate();
    if (leave === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  };

  await fc.assert(
    fc.asyncProperty(fc.array(visits, { minLength: 1, maxLength: 8 }), async (many) => {
      await Promise.all(many.map(visit));
      const reply = await fetch(`http://127.0.0.1:${port}/`);
      assert.equal(await reply.text(), '"hello"\n');
    }),
    { seed: 1, numRuns: 150 },
  );

  const count = (): Promise<number> =>
    new Promise((resolve, reject) => server.getConnections((error, open) => (error ? reject(error) : resolve(open))));
  // One is the client's of `fetch`, which keeps it.
  await until('every connection is gone', count, (open) => open <= 1, { deadlineMs: 10_000, everyMs: 20 });
  const ours = faults.filter((fault) => fault instanceof TypeError || fault instanceof RangeError);
  assert.deepEqual(ours, []);
});
