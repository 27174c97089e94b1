import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assignedTask, fakeNode } from '../../../test/fakes/engine/node.ts';
import type { FakeNode } from '../../../test/fakes/engine/node.ts';

const running = async (): Promise<FakeNode> => {
  const node = fakeNode();
  node.assign(assignedTask('a'));
  await node.pass(5_000);
  assert.equal(node.state('a')?.state, 'running');
  return node;
};

const startsOf = (node: FakeNode) => node.engine.calls['start'];

test('an engine that hangs is missed within four seconds, since its last sign of life', async () => {
  const node = await running();
  node.engine.hang();
  const hungAt = node.timeline.elapsed();
  await node.pass(4_100);
  const away = node.worker().engineAwayMs();
  assert.ok(away !== undefined && away >= 4_000 && node.timeline.elapsed() - away <= hungAt, `${away} ms`);
});

test('when it answers again it is listed at once, by the same stream of events, and nothing is restarted', async () => {
  const node = await running();
  const { events, list } = { events: node.engine.calls['events'], list: node.engine.calls['list'] ?? 0 };
  node.engine.hang();
  await node.pass(10_000);
  assert.ok(node.worker().engineAwayMs() !== undefined);
  node.engine.resume();
  await node.pass(600);
  assert.equal(node.worker().engineAwayMs(), undefined);
  assert.equal(node.engine.calls['list'], list + 1);
  assert.equal(node.engine.calls['events'], events);
  assert.equal(startsOf(node), 1);
  assert.deepEqual([node.state('a')?.state, node.state('a')?.successor], ['running', undefined]);
});

test('what ended while it hung is restarted in place, once', async () => {
  const node = await running();
  node.engine.hang();
  await node.pass(6_000);
  for (const { id } of node.engine.containers.values()) node.engine.exit(id, 1);
  node.engine.resume();
  await node.pass(2_000);
  assert.equal(node.state(node.state('a')?.successor ?? '')?.state, 'running');
  assert.equal(startsOf(node), 2);
});

test('an engine that hangs when the agent starts is away at once', async () => {
  const node = fakeNode();
  node.engine.hang();
  assert.equal(node.worker().engineAwayMs(), undefined);
  node.assign(assignedTask('a'));
  await node.pass(500);
  assert.equal(node.worker().engineAwayMs(), 500);
  await node.pass(4_000);
  assert.ok(node.worker().engineAwayMs() !== undefined);
  node.engine.resume();
  await node.pass(3_000);
  assert.equal(node.worker().engineAwayMs(), undefined);
  assert.equal(node.state('a')?.state, 'running');
});

test('an engine whose listing fails is away although it answers pings', async () => {
  const node = await running();
  node.engine.failNext('list', 'deadline-exceeded', 'no listing', 1_000);
  await node.pass(60_000);
  assert.ok(node.worker().engineAwayMs() !== undefined);
  node.engine.failNext('list', 'unavailable', '', 0);
  await node.pass(6_000);
  assert.equal(node.worker().engineAwayMs(), undefined);
  assert.equal(startsOf(node), 1);
});
