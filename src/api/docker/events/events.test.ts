import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHarness } from '../testing/call.ts';
import type { Message } from './message.ts';
import { createMessages } from './message.ts';
import { passes } from './filter.ts';

const message = (over: Partial<Message> & { readonly attributes?: Readonly<Record<string, string>> }): Message => ({
  Type: 'container',
  Action: 'start',
  Actor: {
    ID: 'abcdef',
    Attributes: { name: 'web', image: 'reg:5000/app:1', 'node.name': 'node1', ...over.attributes },
  },
  scope: 'local',
  time: 1,
  timeNano: 1e9,
  ...over,
});

const cases: readonly (readonly [Readonly<Record<string, readonly string[]>>, Message, boolean])[] = [
  [{}, message({}), true],
  [{ container: ['we'] }, message({}), true],
  [{ container: ['abc'] }, message({}), true],
  [{ container: ['other'] }, message({}), false],
  [{ image: ['reg:5000/app'] }, message({}), true],
  [{ image: ['reg:5000/app:1'] }, message({}), true],
  [{ image: ['reg'] }, message({}), false],
  [{ node: ['node1'] }, message({}), true],
  [{ node: ['node2'] }, message({}), false],
  [{ event: ['exec_start'] }, message({ Action: 'exec_start: sh -c x' }), true],
  [{ event: ['star'] }, message({}), false],
  [{ event: ['start'], type: ['container', 'image'] }, message({}), true],
  [{ label: ['a=b'] }, message({ attributes: { a: 'b' } }), true],
  [{ label: ['a=c'] }, message({ attributes: { a: 'b' } }), false],
  [{ scope: ['swarm'] }, message({}), false],
  [{}, message({ Type: 'task' }), false],
  [{ type: ['task'] }, message({ Type: 'task' }), true],
];

test('events are filtered as an engine filters them, and by node', () => {
  for (const [filters, event, expected] of cases) {
    assert.equal(passes(new Map(Object.entries(filters)), event), expected, JSON.stringify(filters));
  }
});

test("what happens to an engine's part of a network of the cluster is told as of that network", async () => {
  await using docker = await startHarness();
  const { manager } = docker.cluster;
  const { Id } = (await docker.read('POST', '/networks/create', { body: { Name: 'front' } })) as {
    readonly Id: string;
  };
  const messagesOf = createMessages(manager);
  const told = (Action: string, name: string) =>
    messagesOf([
      {
        kind: 'engine',
        timestamp: 1,
        event: {
          nodeId: 'node1',
          nodeName: 'one',
          event: { Type: 'network', Action, Actor: { ID: 'f'.repeat(64), Attributes: { name, type: 'bridge' } } },
        },
      },
    ])[0]?.message;
  assert.deepEqual(told('connect', `tutti-1-${Id}`)?.Actor, {
    ID: Id,
    Attributes: { name: 'front', type: 'bridge', 'node.id': 'node1', 'node.name': 'one' },
  });
  assert.equal(told('create', `tutti-1-${Id}`), undefined);
  assert.equal(told('connect', 'tutti-1-gone'), undefined);
  assert.equal(told('create', 'own')?.Actor.ID, 'f'.repeat(64));
  // Who asks for the past hears of it too, although the network has gone.
  const event = {
    type: 'network',
    action: 'remove',
    id: 'gone',
    name: 'front',
    attributes: { type: 'bridge' },
  } as const;
  const [removed] = messagesOf([{ kind: 'cluster', timestamp: 2, event: { ...event, timestamp: 2 } }]);
  assert.deepEqual([removed?.message.Action, removed?.message.scope], ['destroy', 'local']);
  assert.deepEqual(told('disconnect', 'tutti-1-gone')?.Actor.Attributes['name'], 'front');
});
