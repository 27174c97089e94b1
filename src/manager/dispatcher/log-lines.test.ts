import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLines, type Stamps } from './log-lines.ts';

const at = '2026-11-22T00:00:00.000000001Z';
const later = '2026-11-22T00:00:00.000000002Z';

const linesOf = async (stamps: Stamps, ...texts: readonly string[]) => {
  const parts = async function* () {
    await Promise.resolve();
    for (const text of texts) yield { stream: 'stdout' as const, data: Buffer.from(text) };
  };
  const lines: (readonly [string, string | undefined])[] = [];
  for await (const { data, time } of logLines(parts(), stamps)) lines.push([Buffer.from(data).toString(), time]);
  return lines;
};

test('parts are cut into lines, and the rest is a line too', async () => {
  assert.deepEqual(await linesOf('none', 'one\ntw', 'o\nthree'), [
    ['one\n', undefined],
    ['two\n', undefined],
    ['three', undefined],
  ]);
});

test("the engine's timestamps are told, and kept or cut off", async () => {
  assert.deepEqual(await linesOf('kept', `${at} one\n`), [[`${at} one\n`, at]]);
  assert.deepEqual(await linesOf('cut', `${at} one\n${later} two\n`), [
    ['one\n', at],
    ['two\n', later],
  ]);
  assert.deepEqual(await linesOf('cut', 'from an older agent\n'), [['from an older agent\n', undefined]]);
});

test('a long line has a timestamp before each part; a timestamp may come in parts', async () => {
  assert.deepEqual(await linesOf('cut', `${at} lo`, `${later} ng\n`), [['long\n', at]]);
  assert.deepEqual(await linesOf('cut', at.slice(0, 9), `${at.slice(9)} one\n`), [['one\n', at]]);
});

test('the pieces of a line that is too long to be held have the time of its beginning', async () => {
  const part = 'x'.repeat(700_000);
  const lines = await linesOf('cut', `${at} ${part}`, part, part, part, `end\n${later} next\n`);
  assert.deepEqual(
    lines.map(([text, time]) => [text.length, time]),
    [
      [1_400_000, at],
      [1_400_000, at],
      [4, at],
      [5, later],
    ],
  );
});
