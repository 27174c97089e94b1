import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonFault } from './json-fault.ts';

const faultOf = (text: string): string => {
  try {
    JSON.parse(text);
  } catch (thrown) {
    return jsonFault(text, thrown);
  }
  return 'fine';
};

/** As encoding/json of Go 1.19 says them. */
const said: readonly (readonly [string, string])[] = [
  ['{invalid json', "invalid character 'i' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a":x}', "invalid character 'x' looking for beginning of value"],
  ['"a\u0001"', String.raw`invalid character '\x01' in string literal`],
  [String.raw`"\q"`, "invalid character 'q' in string escape code"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['{} {}', "invalid character '{' after top-level value"],
  ["'", String.raw`invalid character '\'' looking for beginning of value`],
  ['{"a":', 'unexpected EOF'],
  ['{"a"', 'unexpected EOF'],
  ['"abc', 'unexpected EOF'],
];

test("what is no JSON is refused in Go's words", () => {
  for (const [text, words] of said) assert.equal(faultOf(text), words, text);
});
