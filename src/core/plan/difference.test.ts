import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { differences } from './difference.ts';

test('what says nothing is no difference', () => {
  assert.deepEqual(differences({ a: 1, b: false, c: [], d: {}, e: { f: undefined } }, { a: 1 }), []);
  assert.deepEqual(differences({ a: { b: { c: [] } } }, {}), []);
});

test('an absent field and false differ where absent means true', () => {
  assert.deepEqual(differences({ init: false }, {}), [{ path: 'init' }]);
});

test('zero and the empty text say something', () => {
  assert.deepEqual(differences({ a: 0 }, {}), [{ path: 'a', before: '0' }]);
  assert.deepEqual(differences({}, { a: '' }), [{ path: 'a', after: '' }]);
});

test('lists are compared by what names their entries, or whole', () => {
  assert.deepEqual(differences({ m: [{ target: '/a', x: 1 }] }, { m: [{ target: '/b' }, { target: '/a', x: 2 }] }), [
    { path: 'm[/a].x', before: '1', after: '2' },
    { path: 'm[/b].target', after: '/b' },
  ]);
  assert.deepEqual(differences({ command: ['A=1', 'B=2'] }, { command: ['B=2', 'A=1'] }), [
    { path: 'command', before: '["A=1","B=2"]', after: '["B=2","A=1"]' },
  ]);
});

test('the order of networks matters, that of variables does not', () => {
  const [a, b] = [{ networkId: 'a' }, { networkId: 'b' }];
  assert.equal(differences({ networks: [a, b] }, { networks: [b, a] }).length, 1);
  assert.deepEqual(differences({ env: ['A=1', 'B'] }, { env: ['B', 'A=1'] }), []);
});

test('long values are cut, secret ones not shown', () => {
  const [long] = differences({}, { a: 'x'.repeat(500) });
  assert.ok((long?.after ?? '').length < 130);
  assert.deepEqual(differences({ data: 'a' }, { data: 'b' }), [
    { path: 'data', before: '(not shown)', after: '(not shown)' },
  ]);
});

test('no difference is missed, and none is made up', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      assert.deepEqual(differences({ a }, { a }), []);
      const both = [differences({ a }, { a: b }), differences({ a: b }, { a })];
      assert.equal(both[0]?.length === 0, both[1]?.length === 0);
      if (typeof a === 'number' && typeof b === 'number' && a !== b && !(a === 0 && b === 0))
        assert.equal(both[0]?.length, 1);
    }),
  );
});
