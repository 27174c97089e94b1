import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords } from './engine.ts';

test('the last words of an engine are what was wrong, not how it is used', () => {
  const log =
    "Status: unknown flag: --wrong\nSee 'dockerd --help'.\n\nUsage:\tdockerd [OPTIONS]\n\nOptions:\n  -v\n, Code: 125\n";
  assert.equal(lastWords(log), "Status: unknown flag: --wrong\nSee 'dockerd --help'.");
  assert.equal(lastWords('1\n2\n3\n4\n5\n6\n'), '2\n3\n4\n5\n6');
  assert.equal(lastWords(''), '');
});
