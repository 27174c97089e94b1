import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCluster } from '../testing/cluster.ts';

test('events tell of changes as they happen, and of those since a moment', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const since = cluster.clock.now();
  const stop = new AbortController();
  const live = cluster.manager.events.stream({ signal: stop.signal })[Symbol.asyncIterator]();
  const first = live.next();
  await cluster.create('web');
  const { value } = (await first) as { value: { type: string; action: string; name: string } };
  assert.deepEqual([value.type, value.action, value.name], ['service', 'create', 'web']);
  stop.abort();
  await live.return?.(undefined);
  await cluster.manager.commands.scaleService('web', 2);
  await cluster.settle();
  const seen: string[] = [];
  const past = cluster.manager.events.stream({
    since,
    until: cluster.clock.now(),
    signal: new AbortController().signal,
  });
  for await (const { type, action, attributes } of past) {
    seen.push(`${type} ${action} ${attributes['replicas.new'] ?? attributes['state.new'] ?? ''}`.trim());
  }
  assert.ok(seen.includes('service update 2'));
  assert.ok(seen.includes('task create'));
  assert.ok(seen.includes('task update running'));
});

test('a reader that does not read is cut off', async () => {
  await using cluster = await TestCluster.start({ nodes: 1 });
  const stream = cluster.manager.events.stream({ signal: new AbortController().signal })[Symbol.asyncIterator]();
  const first = stream.next();
  await cluster.manager.commands.createSecret({ name: 's', data: '' });
  await first;
  await cluster.store.update((transaction) => {
    for (let at = 0; at < 10_001; at += 1) {
      const spec = { name: `c${at}`, data: '' };
      transaction.create('config', { id: `c${at}` as never, version: 0, createdAt: 0, updatedAt: 0, spec });
    }
  });
  await assert.rejects(Promise.resolve(stream.next()), { code: 'resource-exhausted' });
});
