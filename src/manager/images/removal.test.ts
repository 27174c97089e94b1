import assert from 'node:assert/strict';
import { test } from 'node:test';
import { removalOrder } from './removal.ts';

const order = (places: Readonly<Record<string, readonly [running: number, stopped: number, names?: number]>>): string =>
  removalOrder(
    Object.entries(places).map(([node, [running, stopped, names = 1]]) => ({ node, running, stopped, names })),
  )
    .map((group) => group.map(({ node }) => node).join('+'))
    .join(' ');

test('whoever may refuse is asked first and alone, where containers run before where they do not', () => {
  assert.equal(order({ a: [0, 3], b: [1, 0], c: [0, 0], d: [0, 0] }), 'b a c+d');
  assert.equal(order({ a: [0, 0], b: [0, 0, 2], c: [0, 0] }), 'b a+c');
  assert.equal(order({ a: [1, 0], b: [2, 0] }), 'b a');
  assert.equal(order({ a: [0, 0] }), 'a');
  assert.equal(order({}), '');
});
