import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAgentMessage, parseManagerMessage } from './messages.ts';

const peer = {
  kind: 'peer',
  id: 'node-a',
  name: 'a',
  address: '10.0.0.1',
  overlayAddress: '100.127.0.1',
  overlayMac: '02:00:00:00:00:01',
};

test('a kind of a newer version is ignored', () => {
  assert.equal(parseAgentMessage('{"kind":"gossip","anything":1}'), undefined);
  assert.equal(parseManagerMessage('{"kind":"gossip"}'), undefined);
});

test('assignments of unknown kinds and unknown fields are left out', () => {
  const message = parseManagerMessage(
    JSON.stringify({
      kind: 'assignments',
      sequence: 1,
      complete: true,
      put: [{ kind: 'hologram', id: 'x' }, { ...peer, shade: 'blue' }, 7],
      remove: [],
      mood: 'good',
    }),
  );
  assert.deepEqual(message, { kind: 'assignments', sequence: 1, complete: true, put: [peer], remove: [] });
});

test('what is not valid is refused with the place', () => {
  for (const text of ['', 'x', '7', 'null', '[]', '{"kind":"applied","sequence":"one"}', '{"kind":"observations"}']) {
    assert.throws(() => parseAgentMessage(text), { code: 'invalid-argument' }, text);
  }
  assert.throws(() => parseAgentMessage('{"kind":"applied","sequence":"one"}'), /sequence/);
});
