import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogChunk } from '../session/ports.ts';
import { taskLogs } from './logs.ts';

const options = { follow: true, stdout: true, stderr: true, timestamps: false };

test('a reader that leaves the logs of two containers leaves no failure without an owner', async () => {
  let cut = 0;
  const engine = {
    logs: async function* (id: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<LogChunk> {
      yield { stream: 'stdout', data: Buffer.from(id) };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      cut += 1;
      throw signal.reason;
    },
  };
  const sources = ['one', 'two'].map((id) => ({ view: { id }, tty: false }));
  const unowned: unknown[] = [];
  const hear = (error: unknown): void => void unowned.push(error);
  process.on('unhandledRejection', hear);
  try {
    for await (const _ of taskLogs(engine, 'task', sources as never, options, new AbortController().signal)) break;
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('unhandledRejection', hear);
  }
  assert.equal(cut, 1);
  assert.deepEqual(unowned, []);
});
