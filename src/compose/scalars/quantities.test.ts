import assert from 'node:assert/strict';
import test from 'node:test';
import type { Quantity } from './quantities.ts';
import { parseBoolean, parseBytes, parseDuration, parseInteger, parseNumber } from './quantities.ts';
import { splitWords } from './words.ts';

const value = (quantity: Quantity): number | string => (quantity.kind === 'value' ? quantity.value : quantity.reason);

const durations: readonly (readonly [string, number | RegExp])[] = [
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['1h', 3_600_000],
  ['1.5s', 1500],
  ['.5s', 500],
  ['500ms', 500],
  ['100us', 0.1],
  ['100µs', 0.1],
  ['1ns', 0.000001],
  ['0', 0],
  ['0s', 0],
  ['2d', 172_800_000],
  ['30', /did you mean "30s"/],
  ['-5s', /negative/],
  ['5 s', /not a duration/],
  ['fast', /not a duration/],
  ['', /not a duration/],
  ['1s2', /not a duration/],
];
for (const [text, expected] of durations) {
  test(`duration ${JSON.stringify(text)}`, () => check(value(parseDuration(text)), expected));
}

const sizes: readonly (readonly [string, number | RegExp])[] = [
  ['512', 512],
  ['64k', 65_536],
  ['128m', 134_217_728],
  ['128MB', 134_217_728],
  ['128MiB', 134_217_728],
  ['1.5g', 1_610_612_736],
  ['10b', 10],
  ['1 gb', 1_073_741_824],
  ['12x', /not a size/],
  ['-1', /not a size/],
  ['m', /not a size/],
  ['99999999999p', /too large/],
];
for (const [text, expected] of sizes)
  test(`size ${JSON.stringify(text)}`, () => check(value(parseBytes(text)), expected));

test('numbers', () => {
  assert.equal(value(parseInteger('0440')), 0o440);
  assert.equal(value(parseInteger('0o440')), 0o440);
  assert.equal(value(parseInteger('0x1f')), 31);
  assert.equal(value(parseInteger('-1')), -1);
  assert.equal(value(parseInteger('099')), 99);
  check(value(parseInteger('1.5')), /whole number/);
  assert.equal(value(parseNumber('.5')), 0.5);
  check(value(parseNumber('half')), /must be a number/);
});

test('booleans', () => {
  for (const word of ['true', 'Yes', 'on', 'Y', '1', 'TRUE']) assert.equal(parseBoolean(word), true);
  for (const word of ['false', 'no', 'off', 'n', '0']) assert.equal(parseBoolean(word), false);
  for (const word of ['maybe', '', 'toString', '2']) assert.equal(parseBoolean(word), undefined);
});

const lines: readonly (readonly [string, readonly string[]])[] = [
  ['a b  c', ['a', 'b', 'c']],
  [`sh -c 'echo "x y"'`, ['sh', '-c', 'echo "x y"']],
  ['a "b \\"c\\" $d" e', ['a', 'b "c" $d', 'e']],
  ['a\'b\'c"d"', ['abcd']],
  ['\'\' ""', ['', '']],
  ['a\\ b', ['a b']],
  ['a \\\n b', ['a', 'b']],
  ['"a\\nb"', ['a\\nb']],
  ['  ', []],
];
for (const [text, expected] of lines) {
  test(`words of ${JSON.stringify(text)}`, () =>
    assert.deepEqual(splitWords(text), { kind: 'words', words: expected }));
}
test('an open quote is refused', () => assert.equal(splitWords("a 'b").kind, 'failed'));

function check(actual: number | string, expected: number | RegExp): void {
  if (typeof expected === 'number') assert.equal(actual, expected);
  else assert.match(String(actual), expected);
}
