import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeSoft, restoreSoft } from './checkpoint.ts';
import { aNode } from './fixtures.ts';
import { TableSet } from './tables.ts';

test('a node that was there before a restart is not known to be there after it; one that was down still is', () => {
  const before = new TableSet();
  for (const [name, state] of [
    ['a', 'ready'],
    ['b', 'down'],
  ] as const) {
    const node = aNode(name);
    before.write('node', node.id, undefined, node);
    before.write('nodeStatus', node.id, undefined, { nodeId: node.id, state, message: '', since: 1 });
  }
  const after = new TableSet();
  for (const node of before.list('node')) after.write('node', node.id, undefined, node);
  restoreSoft(encodeSoft(before), after);
  assert.deepEqual(
    [...after.list('nodeStatus')].map(({ state }) => state),
    ['unknown', 'down'],
  );
});
