import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '../../model/ids.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { tend } from './tend.ts';
import type { NodeStanding, TendInput } from './tend.ts';

const aRow = (over: Partial<SingleContainer> = {}, policy: 'off' | 'on-node-failure' = 'on-node-failure') => ({
  id: 'row',
  version: 1,
  createdAt: 1,
  updatedAt: 1,
  spec: {
    name: 'db',
    image: 'db',
    request: {},
    hints: { constraints: [], affinities: [] },
    reschedule: policy,
    reservation: { nanoCpus: 0, memoryBytes: 0 },
    hostPorts: [],
    volumes: [],
    dependencies: [],
  },
  nodeId: 'n1' as NodeId,
  ran: true,
  ...over,
});

const kinds = (
  container: SingleContainer,
  nodes: Readonly<Record<string, NodeStanding>>,
  over: Partial<TendInput> = {},
): readonly string[] =>
  tend({
    container,
    standing: (nodeId) => nodes[nodeId] ?? 'removed',
    listed: true,
    known: undefined,
    running: true,
    ...over,
  }).map(({ kind }) => kind);

const made = { engineId: 'e1' };
const left = { nodeId: 'n1' as NodeId, engineId: 'e1' };
const moved = { nodeId: 'n2' as NodeId, moving: { start: true }, superseded: [left] };

describe('tending a container', () => {
  it('leaves alone one that is where and what it should be', () => {
    assert.deepEqual(kinds(aRow(made), { n1: 'ready' }, { known: { name: 'db' } }), []);
    assert.deepEqual(kinds(aRow(made), { n1: 'away' }), []);
    assert.deepEqual(kinds(aRow(made), { n1: 'ready' }, { listed: false }), []);
  });

  it('asks the engine about one that it does not know, or that nobody was told of', () => {
    assert.deepEqual(kinds(aRow(made), { n1: 'ready' }), ['verify']);
    assert.deepEqual(kinds(aRow(), { n1: 'ready' }), ['settle']);
    assert.deepEqual(kinds(aRow(), { n1: 'down' }), []);
  });

  it('takes over the name that an engine gave', () => {
    assert.deepEqual(kinds(aRow(made), { n1: 'ready' }, { known: { name: 'other' } }), ['rename']);
  });

  it('moves what asked for it when its node is down or removed, and nothing else', () => {
    assert.deepEqual(kinds(aRow(made), { n1: 'down' }), ['move']);
    assert.deepEqual(kinds(aRow(made), {}), ['move']);
    assert.deepEqual(kinds(aRow(made, 'off'), { n1: 'down' }), []);
    assert.deepEqual(kinds(aRow(made, 'off'), {}), ['drop']);
  });

  it('makes what was moved, starts it, and clears what it left when that node is back', () => {
    assert.deepEqual(kinds(aRow(moved), { n1: 'down', n2: 'ready' }), ['make']);
    assert.deepEqual(kinds(aRow({ ...moved, engineId: 'e2' }), { n1: 'down', n2: 'ready' }), ['arrive']);
    assert.deepEqual(kinds(aRow({ ...moved, engineId: 'e2' }), { n1: 'ready', n2: 'ready' }), ['arrive', 'clear']);
    const arrived = aRow({ nodeId: 'n2' as NodeId, engineId: 'e2', superseded: [left] });
    assert.deepEqual(kinds(arrived, { n1: 'ready', n2: 'ready' }, { known: { name: 'db' } }), ['clear']);
    assert.deepEqual(kinds(arrived, { n2: 'ready' }, { known: { name: 'db' } }), ['clear']);
    assert.deepEqual(kinds(arrived, { n1: 'away', n2: 'ready' }, { known: { name: 'db' } }), []);
  });

  it('clears what one that was removed left, and forgets it then', () => {
    const gone = { nodeId: 'n2' as NodeId, gone: true as const };
    assert.deepEqual(kinds(aRow({ ...gone, superseded: [left] }), { n1: 'down', n2: 'ready' }), []);
    assert.deepEqual(kinds(aRow({ ...gone, superseded: [left] }), { n1: 'ready', n2: 'down' }), ['clear']);
    assert.deepEqual(kinds(aRow(gone), { n1: 'ready', n2: 'down' }), ['drop']);
  });

  it('goes home where its node is back before it was made, and on where that node is lost too', () => {
    assert.deepEqual(kinds(aRow(moved), { n1: 'ready', n2: 'ready' }), ['return']);
    assert.deepEqual(kinds(aRow(moved), { n1: 'down', n2: 'down' }), ['move']);
    assert.deepEqual(kinds(aRow(moved), { n1: 'down', n2: 'away' }), []);
  });
});

it('what was seen to run or not counts more than what was written down', () => {
  const start = (running: boolean | undefined, ran: boolean) =>
    tend({ container: aRow({ ...made, ran }), standing: () => 'down', listed: true, known: undefined, running });
  assert.deepEqual(start(false, true), [{ kind: 'move', start: false }]);
  assert.deepEqual(start(true, false), [{ kind: 'move', start: true }]);
  assert.deepEqual(start(undefined, true), [{ kind: 'move', start: true }]);
});
