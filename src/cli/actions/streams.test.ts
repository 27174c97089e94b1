import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventView, NodeView } from '../../model/native.ts';
import { fakeSession } from '../testing/session.ts';
import { showEvents } from './streams.ts';

const event = (node: string): EventView => ({
  timestamp: 0,
  type: 'task',
  action: 'update',
  id: 'i',
  name: 'web.1.i',
  attributes: { node },
});

const show = async (json: boolean) => {
  let asked = 0;
  const { session, written } = fakeSession(
    {
      events: async function* () {
        yield* [event('a'), event('a'), event('b'), event('b')];
      },
      nodes: async () => {
        asked += 1;
        return [{ id: 'a', name: 'n1' } as NodeView];
      },
    },
    { json },
  );
  await showEvents(session, {});
  return { asked, lines: written.stdout.trimEnd().split('\n') };
};

test('events name their nodes, which are asked for when one is new and not again', async () => {
  const { asked, lines } = await show(false);
  assert.deepEqual(
    lines.map((line) => line.split(' on ')[1]),
    ['n1: placed', 'n1: placed', 'b: placed', 'b: placed'],
  );
  assert.equal(asked, 2);
});

test('as JSON they are as the manager has them', async () => {
  const { asked, lines } = await show(true);
  assert.deepEqual(JSON.parse(lines[0] ?? ''), event('a'));
  assert.equal(asked, 0);
});
