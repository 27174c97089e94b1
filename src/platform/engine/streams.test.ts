import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { demultiplex } from './demux.ts';
import { parseEndpoint } from './endpoint.ts';
import { faultOfAnswer } from './errors.ts';
import { exitCodeOfStatus, healthOfStatus } from './status-text.ts';
import { compareApi } from '../../model/api-version.ts';
import { engineLines } from '../../rpc/lines.ts';
import { negotiate } from './version.ts';

/** The same bytes, cut into other pieces. */
async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function collect<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const frame = (kind: number, text: string): Buffer => {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

test('frames and lines come out whole however the bytes are cut', async () => {
  const sizes = fc.array(fc.nat(20));
  const output = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()));
  await fc.assert(
    fc.asyncProperty(output, sizes, async (written, cuts) => {
      const bytes = Buffer.concat(written.map(([kind, text]) => frame(kind, text)));
      const read = await collect(demultiplex(pieces(bytes, cuts)));
      assert.deepEqual(
        read.map(({ stream, data }) => [stream, data.toString()]),
        written.map(([kind, text]) => [kind === 1 ? 'stdout' : 'stderr', text]),
      );
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string().map((a) => ({ a }))), sizes, async (values, cuts) => {
      const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\r\n`).join(''));
      assert.deepEqual(await collect(engineLines(pieces(bytes, cuts))), values);
    }),
  );
});

test('what is no frame, no JSON or without end is refused', async () => {
  await assert.rejects(collect(demultiplex(pieces(Buffer.from('GET / HTTP/1.1\r\n'), []))), { code: 'internal' });
  await assert.rejects(collect(engineLines(pieces(Buffer.from('{"a":1}\nnope\n'), []))), { code: 'internal' });
  await assert.rejects(collect(engineLines(pieces(Buffer.alloc(2 ** 21, 'x'), [2 ** 20]))), { code: 'internal' });
});

test('endpoints', () => {
  assert.deepEqual(parseEndpoint('unix:///run/x.sock'), { kind: 'unix', socketPath: '/run/x.sock' });
  assert.deepEqual(parseEndpoint('/run/x.sock'), { kind: 'unix', socketPath: '/run/x.sock' });
  assert.deepEqual(parseEndpoint('tcp://host'), { kind: 'tcp', host: 'host', port: 2375 });
  assert.deepEqual(parseEndpoint('tcp://[::1]:99'), { kind: 'tcp', host: '::1', port: 99 });
  for (const text of ['', 'unix://x', 'ssh://host', 'tcp://', 'tcp://a/b']) {
    assert.throws(() => parseEndpoint(text), { code: 'invalid-argument' });
  }
});

test('versions are compared by number and negotiated down', () => {
  assert.equal(compareApi('1.9', '1.41'), -1);
  assert.equal(negotiate('1.41', '1.12'), '1.41');
  assert.equal(negotiate('1.60', '1.24'), '1.51');
  assert.throws(() => negotiate('1.40', '1.12'), { code: 'not-implemented' });
  assert.throws(() => negotiate('1.60', '1.52'), { code: 'not-implemented' });
});

test('a listing says health and exit code in its status', () => {
  assert.equal(healthOfStatus('Up 2 hours (healthy)'), 'healthy');
  assert.equal(healthOfStatus('Up 3 seconds (health: starting)'), 'starting');
  assert.equal(healthOfStatus('Up 3 seconds (unhealthy)'), 'unhealthy');
  assert.equal(healthOfStatus('Up 3 seconds'), 'none');
  assert.equal(exitCodeOfStatus('Exited (137) 5 minutes ago'), 137);
  assert.equal(exitCodeOfStatus('Created'), undefined);
});

test("the engine's refusals have codes", () => {
  const code = (status: number, message: string): string =>
    faultOfAnswer(status, JSON.stringify({ message }), 'x').code;
  assert.equal(code(404, 'No such image: a'), 'not-found');
  assert.equal(code(409, 'in use'), 'conflict');
  assert.equal(code(500, 'write /var: no space left on device'), 'resource-exhausted');
  assert.equal(code(500, 'Get "https://r/v2/": dial tcp: connection refused'), 'unavailable');
  assert.equal(code(500, 'anything'), 'internal');
  assert.equal(faultOfAnswer(502, '<html>', 'GET /x').message, '<html>');
});
