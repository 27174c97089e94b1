import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Output } from '../context.ts';
import { formatDuration, parseDuration, parseMoment } from '../duration.ts';
import { liveDisplay } from './live.ts';
import { painter } from './paint.ts';
import { table } from './table.ts';

const output = (isTerminal: boolean): Output & { text: string } => ({
  text: '',
  write(text: string) {
    this.text += text;
  },
  isTerminal,
  columns: 80,
});

test('spans and moments', () => {
  assert.equal(parseDuration('90'), 90_000);
  assert.equal(parseDuration('1m30s'), 90_000);
  assert.equal(parseDuration('250ms'), 250);
  assert.equal(parseDuration('1.5h'), 5_400_000);
  for (const wrong of ['', 'm', '5x', '-1s', '1h 2m']) assert.equal(parseDuration(wrong), undefined, wrong);
  assert.equal(parseMoment('10s', 50_000), 40_000);
  assert.equal(parseMoment('1970-01-01T00:00:01Z', 0), 1000);
  assert.equal(parseMoment('yesterday', 0), undefined);
  assert.deepEqual([1000, 90_000, 7_200_000, 200_000_000].map(formatDuration), ['1 s', '1 min', '2 h', '2 d']);
});

test('a table has columns as wide as their cells, colours not counted', () => {
  const red = '\u001b[31mno\u001b[0m';
  assert.equal(
    table(
      ['A', 'LONG'],
      [
        [red, 'x'],
        ['three', ''],
      ],
    ),
    `A       LONG\n${red}      x\nthree\n`,
  );
});

test('colours are for terminals that want them', () => {
  assert.equal(painter(output(true), {})('red', 'x'), '\u001b[31mx\u001b[0m');
  assert.equal(painter(output(false), {})('red', 'x'), 'x');
  assert.equal(painter(output(true), { NO_COLOR: '1' })('red', 'x'), 'x');
  assert.equal(painter(output(true), { NO_COLOR: '' })('red', 'x'), '\u001b[31mx\u001b[0m');
});

test('a live display draws again on a terminal and writes each line once elsewhere', () => {
  const terminal = output(true);
  const drawn = liveDisplay(terminal);
  drawn.show(['a', 'b']);
  drawn.show(['a', 'b']);
  drawn.show(['a', 'c']);
  assert.equal(terminal.text, '\r\u001b[Ja\nb\n\u001b[2A\r\u001b[Ja\nc\n');
  const file = output(false);
  const written = liveDisplay(file);
  written.show(['a', 'b']);
  written.show(['a', 'c']);
  assert.equal(file.text, 'a\nb\nc\n');
});
