import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeResponse } from '../../rpc/transport.ts';
import { silentLog } from '../../platform/log.ts';
import { createBroadcast } from '../engines/broadcast.ts';
import type { EngineEvent, MergedEvent } from '../manager.ts';
import { TestCluster } from '../testing/cluster.ts';
import { createMergedEvents } from './merged.ts';

const at = (ms: number, nodeId: string, ID: string): EngineEvent => ({
  nodeId,
  nodeName: nodeId,
  event: {
    Type: 'container',
    Action: 'start',
    Actor: { ID, Attributes: {} },
    time: Math.floor(ms / 1000),
    timeNano: ms * 1e6,
  },
});

/** Two nodes, whose engines know of `history`. */
const start = async (history: Readonly<Record<string, readonly EngineEvent[]>> = {}) => {
  const cluster = await TestCluster.start({ nodes: 2 });
  const { clock, manager } = cluster;
  const broadcast = createBroadcast<EngineEvent>(10_000);
  const engines = {
    request: (nodeId: string): Promise<NodeResponse> =>
      Promise.resolve({ status: 200, body: lines(history[nodeId] ?? []) }),
  };
  const { queries } = manager;
  const merged = createMergedEvents({ inventory: { events: broadcast.read }, engines, queries, clock, log: silentLog });
  return {
    cluster,
    clock,
    merged,
    tell: broadcast.publish,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
};

async function* lines(events: readonly EngineEvent[]): AsyncGenerator<Uint8Array> {
  for (const { event } of events) yield Buffer.from(`${JSON.stringify(event)}\n`);
}

const idOf = (event: MergedEvent): string =>
  event.kind === 'engine' ? (event.event.event.Actor?.ID ?? '') : event.event.id;

const collect = async (events: AsyncIterable<readonly MergedEvent[]>, into: string[]): Promise<void> => {
  for await (const batch of events) into.push(...batch.map(idOf));
};

test('events of all nodes and of the cluster in one order, from now on', async () => {
  await using parts = await start();
  const { clock, merged, tell, cluster } = parts;
  const seen: string[] = [];
  const stop = new AbortController();
  const following = collect(merged.all({ signal: stop.signal }), seen);
  const now = clock.now();
  tell(at(now + 2, 'node1', 'second'));
  tell(at(now + 1, 'node2', 'first'));
  await cluster.settle();
  merged.tell({ timestamp: now + 3, type: 'service', action: 'create', id: 'third', name: 'web', attributes: {} });
  clock.advance(60);
  await cluster.settle();
  assert.deepEqual(seen, ['first', 'second', 'third']);
  stop.abort();
  await following;
});

test('the past: what engines and manager know, none twice, then what follows until its end', async () => {
  const base = 1_700_000_000_000;
  const early = at(base + 1, 'node1', 'early');
  const late = at(base + 900, 'node2', 'late');
  await using parts = await start({ node1: [early], node2: [late] });
  const { clock, merged, tell, cluster } = parts;
  clock.advance(base + 1000 - clock.now());
  tell(late);
  await cluster.settle();
  const seen: string[] = [];
  const signal = new AbortController().signal;
  const following = collect(merged.all({ since: base, until: clock.now() + 500, signal }), seen);
  await cluster.settle();
  clock.advance(60);
  await cluster.settle();
  tell(at(clock.now(), 'node1', 'live'));
  await cluster.settle();
  clock.advance(60);
  await cluster.settle();
  clock.advance(500);
  await following;
  assert.deepEqual(seen, ['early', 'late', 'live']);
  const past: string[] = [];
  await collect(merged.all({ since: base, until: clock.now(), signal }), past);
  assert.deepEqual(past, ['early', 'late', 'live']);
});

test('what was still held when a follower came is told to those alone who ask for its time', async () => {
  await using parts = await start();
  const { clock, merged, tell, cluster } = parts;
  const before = clock.now();
  tell(at(before, 'node1', 'before'));
  await cluster.settle();
  clock.advance(10);
  const asked = [undefined, before + 5, before - 5];
  const stop = new AbortController();
  const followers = asked.map((since) => {
    const seen: string[] = [];
    const options = { signal: stop.signal, ...(since !== undefined && { since }) };
    return { seen, done: collect(merged.all(options), seen) };
  });
  tell(at(clock.now() - 8, 'node2', 'slow clock'));
  await cluster.settle();
  clock.advance(100);
  await cluster.settle();
  assert.deepEqual(
    followers.map(({ seen }) => seen),
    [['slow clock'], ['slow clock'], ['before', 'slow clock']],
  );
  stop.abort();
  await Promise.all(followers.map(({ done }) => done));
});

test('500 followers hear everything; one that does not read is ended, and costs nobody anything', async () => {
  await using parts = await start();
  const { clock, merged, tell, cluster } = parts;
  const stop = new AbortController();
  const followers = Array.from({ length: 500 }, () => {
    const seen: string[] = [];
    return { seen, done: collect(merged.all({ signal: stop.signal }), seen) };
  });
  const lazy = merged.all({ signal: stop.signal })[Symbol.asyncIterator]();
  await cluster.settle();
  for (let count = 0; count < 30; count += 1) {
    for (let one = 0; one < 400; one += 1) tell(at(clock.now() + one / 1000, 'node1', `${count}.${one}`));
    await cluster.settle();
    clock.advance(100);
    await cluster.settle();
  }
  for (const { seen } of followers) assert.equal(seen.length, 12_000);
  await assert.rejects(Promise.resolve(lazy.next()), { code: 'resource-exhausted' });
  stop.abort();
  await Promise.all(followers.map(({ done }) => done));
});
