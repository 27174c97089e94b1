import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raiseInotify } from './inotify.ts';

const settled = (found: string | undefined, writable = true) => {
  let value = found;
  const told: string[] = [];
  const settings = {
    read: () => value,
    write: (_path: string, to: string) => {
      if (writable) value = to;
      return writable;
    },
  };
  raiseInotify(settings, { info: () => told.push('info'), warn: () => told.push('warn') });
  return [value, ...told];
};

test('instances of inotify are raised, never lowered, and it is told where that cannot be', () => {
  assert.deepEqual(settled('128'), ['8192', 'info']);
  assert.deepEqual(settled('8192'), ['8192']);
  assert.deepEqual(settled('65536'), ['65536']);
  assert.deepEqual(settled('128', false), ['128', 'warn']);
  assert.deepEqual(settled(undefined), [undefined]);
});
