import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Seal } from './seal.ts';
import { tunnelTable } from './table.ts';

const chainsOf = (...seals: readonly Seal[]): string[] => {
  const table = tunnelTable(new Map(seals.map((seal, index) => [`10.99.0.${index + 1}`, seal])));
  return [...table.chains.keys()];
};

suite('the rules of encryption', () => {
  test('cost nothing where nothing is encrypted', () => {
    assert.deepEqual(chainsOf(), []);
    assert.deepEqual(chainsOf({ kind: 'open' }, { kind: 'open' }), []);
  });

  test('are there for every peer that has got so far', () => {
    const since = 0;
    assert.deepEqual(chainsOf({ kind: 'open' }, { kind: 'waiting', since }), ['raw_in', 'raw_out']);
    assert.deepEqual(chainsOf({ kind: 'closing', since }), ['raw_in', 'raw_out']);
    for (const kind of ['sending', 'opening'] as const) {
      assert.deepEqual(chainsOf({ kind: 'open' }, { kind, since }), ['raw_in', 'raw_out', 'output'], kind);
    }
    assert.deepEqual(chainsOf({ kind: 'open' }, { kind: 'sealed' }), ['raw_in', 'raw_out', 'input', 'output']);
  });
});
