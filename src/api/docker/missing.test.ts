import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingHeaders, withWarnings } from './missing.ts';

test('what did not come of a command is said beside what is missing, whatever the words are', () => {
  const missing = missingHeaders([{ nodeId: 'n', nodeName: 'node2', reason: 'is down' }]);
  const reply = withWarnings({ kind: 'empty', status: 201, headers: missing }, ['node3: "grün"\r\nSet-Cookie: a']);
  assert.deepEqual(reply.headers, {
    'tutti-missing-nodes': 'node2',
    warning: `199 tutti "this answer lacks what is on node2", 199 tutti "node3: 'gr?n'??Set-Cookie: a"`,
  });
  const plain = { kind: 'empty', status: 201 } as const;
  assert.equal(withWarnings(plain, []), plain);
});
