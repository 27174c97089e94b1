import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventView } from '../../model/native.ts';
import { eventText } from './event.ts';

const words = { nodeName: (id: string) => (id === 'nodeid' ? 'n2' : id), paint: (_: string, text: string) => text };
const taskId = 'tzluwku9jxbt0123456789abc';
const task = { type: 'task', action: 'update', id: taskId, name: `shop_web.1.${taskId}` } as const;
const node = { service: 'serviceid', node: 'nodeid' };

const cases: readonly (readonly [Omit<EventView, 'timestamp'>, string])[] = [
  [
    { ...task, attributes: { ...node, 'state.old': 'starting', 'state.new': 'running', 'ready.new': 'true' } },
    'task shop_web.1 (tzluwku9jxbt) on n2: starting → running, takes traffic',
  ],
  [{ ...task, attributes: node }, 'task shop_web.1 (tzluwku9jxbt) on n2: placed'],
  [{ ...task, action: 'create', attributes: {} }, 'task shop_web.1 (tzluwku9jxbt): created'],
  [
    { ...task, name: `each.nodeid.${taskId}`, attributes: { ...node, 'desired.new': 'shutdown' } },
    'task each.n2 (tzluwku9jxbt) on n2: to be stopped',
  ],
  [
    { ...task, attributes: { node: 'gone', 'state.old': 'running', 'state.new': 'orphaned' } },
    'task shop_web.1 (tzluwku9jxbt) on gone: running → orphaned',
  ],
  [
    {
      type: 'service',
      action: 'update',
      id: 's',
      name: 'shop_web',
      attributes: { 'replicas.old': '1', 'replicas.new': '2', 'updatestate.new': 'rollback_started' },
    },
    'service shop_web: replicas 1 → 2, update rollback started',
  ],
  [{ type: 'service', action: 'update', id: 's', name: 'shop_web', attributes: {} }, 'service shop_web: changed'],
  [{ type: 'secret', action: 'remove', id: 's', name: 'shop_pw', attributes: {} }, 'secret shop_pw: removed'],
  [
    { type: 'node', action: 'update', id: 'n', name: 'n1', attributes: { 'state.old': 'ready', 'state.new': 'down' } },
    'node n1: ready → down',
  ],
];

for (const [event, expected] of cases) {
  test(`an event: ${expected}`, () => {
    assert.equal(eventText({ ...event, timestamp: 0 }, words), `1970-01-01T00:00:00.000Z ${expected}`);
  });
}
