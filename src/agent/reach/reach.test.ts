import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processClock, Timeline } from '../../../test/sim/time.ts';
import { anEndpoint, aPeer, aSelf, setOf } from '../../../test/support/assignments.ts';
import { silentLog } from '../../platform/log.ts';
import { createReach } from './reach.ts';
import type { Outcome } from './way.ts';

const begin = () => {
  const timeline = new Timeline();
  const clock = processClock(timeline);
  const cut = new Set<string>();
  const tried: string[] = [];
  const reach = createReach({
    clock,
    log: silentLog,
    probe: async (to, _from, signal): Promise<Outcome> => {
      tried.push(to);
      if (!cut.has(to)) return 'reached';
      await clock.sleep(1_000, signal);
      return 'failed';
    },
  });
  const pass = async (ms: number): Promise<void> => void (await timeline.run(timeline.elapsed() + ms, () => undefined));
  let told = 0;
  reach.subscribe(() => void (told += 1));
  return { reach, cut, tried, pass, told: () => told };
};

const two = aPeer();
const three = aPeer({ id: 'node3', name: 'three', overlayAddress: '100.127.0.3' });
const taskOn = (nodeId: string, changes: object = {}) =>
  anEndpoint({ id: `front0000/${nodeId}`, taskId: nodeId, nodeId, ...changes });

test('only nodes with tasks on its networks are tried, every two seconds', async () => {
  const { reach, tried, pass } = begin();
  await using _ = reach;
  reach.apply(setOf(aSelf(), two, three, taskOn('node1'), taskOn('node2')));
  await pass(10_000);
  assert.deepEqual([...new Set(tried)], [two.overlayAddress]);
  assert.ok(tried.length >= 4 && tried.length <= 6, `${tried.length}`);
});

test('a node that is cut off is lost within seven seconds, told once, and back when it answers again', async () => {
  const { reach, cut, pass, told } = begin();
  await using _ = reach;
  reach.apply(setOf(aSelf(), two, three, taskOn('node2'), taskOn('node3')));
  await pass(3_000);
  cut.add(two.overlayAddress);
  await pass(7_000);
  assert.deepEqual([...reach.lost()], ['node2']);
  assert.deepEqual(reach.missed(), ['two']);
  assert.equal(told(), 1);
  cut.clear();
  await pass(4_000);
  assert.deepEqual([...reach.lost()], []);
  assert.equal(told(), 2);
});

test('a node that is slow for a second is not lost', async () => {
  const { reach, cut, pass, told } = begin();
  await using _ = reach;
  reach.apply(setOf(aSelf(), two, taskOn('node2')));
  for (let round = 0; round < 10; round += 1) {
    cut.add(two.overlayAddress);
    await pass(1_000);
    cut.clear();
    await pass(2_500);
  }
  assert.equal(told(), 0);
});

test('of a node that the manager has given up one failure is enough, and it is nothing to report', async () => {
  const { reach, cut, pass } = begin();
  await using _ = reach;
  cut.add(two.overlayAddress);
  reach.apply(setOf(aSelf(), two, taskOn('node2', { ready: false, lost: true })));
  await pass(1_500);
  assert.deepEqual([...reach.lost()], ['node2']);
  assert.deepEqual(reach.missed(), []);
});
