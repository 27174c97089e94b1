import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { createFileSink } from './log-file.ts';
import { createLog } from './log.ts';

test('lines are one line each, whatever is in the fields', () => {
  const lines: string[] = [];
  const clock = { ...systemClock, now: () => 0 };
  const log = createLog({ level: 'info', clock, sink: (line) => lines.push(line) }).with({ node: 'a1' });
  log.debug('not this');
  log.warn('lost', { error: 'two\nlines "quoted"', count: 3, ok: false, nothing: undefined });
  assert.deepEqual(lines, [
    '1970-01-01T00:00:00.000Z warn lost node=a1 error="two\\nlines \\"quoted\\"" count=3 ok=false',
  ]);
});

test('a file does not grow beyond its bound', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tutti-log-'));
  const path = join(directory, 'x.log');
  {
    using sink = createFileSink(path, 100);
    for (let line = 0; line < 50; line += 1) sink(`line ${line}`);
  }
  const [now, before] = await Promise.all([readFile(path, 'utf8'), readFile(`${path}.1`, 'utf8')]);
  assert.ok(now.length <= 110 && before.length <= 110);
  assert.ok(now.endsWith('line 49\n'));
  await rm(directory, { recursive: true });
});
