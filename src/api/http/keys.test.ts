import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDepth, checkKeys } from './keys.ts';

test('all keys of a document are seen, and no indices', () => {
  const seen: string[] = [];
  checkDepth([0, { a: [{ b: 0 }, 1], c: null }, [[{ d: {} }]]], 'it', (key) => seen.push(key));
  assert.deepEqual(seen, ['a', 'b', 'c', 'd']);
});

test('a key "__proto__" is found wherever it is', () => {
  for (const text of ['{"__proto__":1}', '[[{"a":[{"__proto__":{}}]}]]']) {
    assert.throws(() => checkKeys(JSON.parse(text), 'it'), /it has the key "__proto__"/);
  }
});

test('a document is refused for its depth, in arrays, objects and under "__proto__"', () => {
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
    ['{"__proto__":', '}'],
  ] as const) {
    const nested = (levels: number): unknown => JSON.parse(`${open.repeat(levels)}[]${close.repeat(levels)}`);
    checkDepth(nested(63), 'it');
    assert.throws(() => checkDepth(nested(64), 'it'), /it is nested deeper than 64 levels/);
  }
});
