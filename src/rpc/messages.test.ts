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

test('what a node says of itself and others write into their kernels is of no other form', () => {
  const description = {
    hostname: 'a',
    platform: { os: 'linux', architecture: 'amd64' },
    resources: { nanoCpus: 1, memoryBytes: 1 },
    engine: { version: '28.0.0' },
    address: '10.0.0.1',
    agentVersion: '1',
  };
  const parsed = (more: object) =>
    parseAgentMessage(JSON.stringify({ kind: 'description', description: { ...description, ...more } }));
  assert.ok(parsed({}));
  const hostile = ['10.0.0.1\nnetns exec x sh', '10.0.0.1 }; flush ruleset', '0.0.0.0/0', 'host.example', '::1', ''];
  for (const address of hostile) assert.throws(() => parsed({ address }), /address/, address);
  for (const one of hostile.slice(0, 4)) assert.throws(() => parsed({ addresses6: [one] }), /addresses6/, one);
  for (const publicKey of hostile) assert.throws(() => parsed({ publicKey }), /publicKey/, publicKey);
});
