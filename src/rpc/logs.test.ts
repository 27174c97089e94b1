import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLogParts, encodeLogPart, formatLogPath, parseLogPath, type LogPart } from './logs.ts';

const options = { follow: true, stdout: true, stderr: false, timestamps: true, since: 12.5, tail: 0 };

test('a path gives back what it was made from', () => {
  assert.deepEqual(parseLogPath(formatLogPath('task/1?', options)), { taskId: 'task/1?', options });
  assert.equal(parseLogPath('/other'), undefined);
  assert.throws(() => parseLogPath('/logs/x?%7B%22follow%22:1%7D'), { code: 'invalid-argument' });
  assert.throws(() => parseLogPath('/logs/x'), { code: 'invalid-argument' });
});

const decode = async (chunks: readonly Uint8Array[]): Promise<string[]> => {
  async function* source() {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const found: string[] = [];
  for await (const { stream, data } of decodeLogParts(source()))
    found.push(`${stream}:${Buffer.from(data).toString()}`);
  return found;
};

test('parts survive any cut of the stream', async () => {
  const parts: LogPart[] = [
    { stream: 'stdout', data: Buffer.from('one\n') },
    { stream: 'stderr', data: Buffer.from('') },
    { stream: 'stderr', data: Buffer.from('zwei\n') },
  ];
  const bytes = Buffer.concat(parts.map(encodeLogPart));
  const expected = ['stdout:one\n', 'stderr:', 'stderr:zwei\n'];
  for (let size = 1; size <= bytes.length; size += 1) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    assert.deepEqual(await decode(chunks), expected);
  }
});

test('a stream that is none, or that ends early', async () => {
  await assert.rejects(decode([Buffer.from('hello world')]), { code: 'corrupt' });
  await assert.rejects(decode([Buffer.from([1, 0xff, 0xff, 0xff, 0xff])]), { code: 'corrupt' });
  await assert.rejects(decode([Buffer.from([1, 0, 0, 0, 9, 65])]), { code: 'corrupt' });
});
