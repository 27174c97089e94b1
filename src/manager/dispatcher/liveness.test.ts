import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { silentLog } from '../../platform/log.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import { aNode } from '../../store/fixtures.ts';
import { manualClock } from '../testing/clock.ts';
import { createLiveness } from './liveness.ts';

const nodeId = aNode('one').id;
const timeoutMs = 3_000;

const watch = async () => {
  const clock = manualClock();
  const store = await createStore({ driver: memoryDriver(), clock });
  await store.update((transaction) => transaction.create('node', aNode('one')));
  const asked: string[] = [];
  const answers = async (address: string) => await Promise.resolve(asked.push(address) > 0);
  const liveness = createLiveness({ store, clock, log: silentLog, answers });
  let writes = 0;
  store.subscribe(({ changes }) => (writes += changes.filter(({ table }) => table === 'nodeStatus').length));
  return { clock, store, liveness, asked, writes: () => writes, status: () => store.view.get('nodeStatus', nodeId) };
};

test('a node of which nothing was ever heard is told of neither as lost nor as away', async () => {
  const { liveness, status, writes } = await watch();
  liveness.disconnected(nodeId, 'broken');
  liveness.heard(nodeId);
  liveness.engine(nodeId, 1_000);
  assert.equal(writes(), 0);
  assert.equal(status(), undefined);
});

test('what is judged the same again is not written again; another address or message is', async () => {
  const { clock, liveness, status, writes } = await watch();
  liveness.connected(nodeId, '10.0.0.1', timeoutMs);
  const since = clock.now();
  assert.deepEqual(status(), { nodeId, state: 'ready', message: '', since, address: '10.0.0.1' });
  const before = writes();
  clock.advance(1_000);
  liveness.connected(nodeId, '10.0.0.1', timeoutMs);
  assert.equal(writes(), before);
  liveness.connected(nodeId, '10.0.0.2', timeoutMs);
  assert.deepEqual(status(), { nodeId, state: 'ready', message: '', since, address: '10.0.0.2' });
  liveness.disconnected(nodeId, 'broken');
  assert.equal(status()?.message, 'the connection to its agent was lost');
  const lostAt = clock.now();
  clock.advance(1);
  liveness.engine(nodeId, 0);
  assert.equal(status()?.engineAway, true);
  assert.equal(status()?.since, lostAt);
});

test('an engine is away since when its agent says so, by the clock on the wall', async () => {
  const { clock, liveness, status } = await watch();
  liveness.connected(nodeId, '10.0.0.1', timeoutMs);
  const since = new Date(clock.now() - 5_000).toISOString().replace(/\.\d+Z$/, 'Z');
  liveness.engine(nodeId, 5_000);
  assert.equal(status()?.message, `its Docker Engine does not answer (since ${since})`);
  liveness.engine(nodeId, undefined);
  assert.deepEqual([status()?.state, status()?.engineAway], ['ready', undefined]);
});

test('a machine is asked as long as its agent is not heard, and no longer', async () => {
  const { clock, liveness, asked } = await watch();
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 250) {
      clock.advance(250);
      await setImmediate();
    }
  };
  liveness.connected(nodeId, '10.0.0.1', timeoutMs);
  await pass(1_000);
  assert.deepEqual([asked.length, liveness.inDoubt(nodeId)], [0, false]);
  await pass(2_500);
  assert.ok(asked.length >= 2, 'it is asked again and again');
  assert.equal(liveness.inDoubt(nodeId), true);
  liveness.heard(nodeId);
  assert.equal(liveness.inDoubt(nodeId), false);
  const before = asked.length;
  await pass(1_000);
  assert.equal(asked.length, before);
  await pass(2_500);
  assert.ok(asked.length > before);
  liveness[Symbol.dispose]();
  await pass(0);
  const last = asked.length;
  await pass(5_000);
  assert.equal(asked.length, last, 'what was begun ends with it');
});

test('an ask that is lost does not keep the next ones from being answered before the node is down', async () => {
  const clock = manualClock();
  const store = await createStore({ driver: memoryDriver(), clock });
  await store.update((transaction) => transaction.create('node', aNode('one')));
  let isCut = true;
  let underWay = 0;
  let most = 0;
  const answers = async (_address: string, signal: AbortSignal) => {
    underWay += 1;
    most = Math.max(most, underWay);
    const isLost = isCut;
    if (isLost) await clock.sleep(1_000, signal).catch(() => undefined);
    underWay -= 1;
    return !isLost;
  };
  using liveness = createLiveness({ store, clock, log: silentLog, answers });
  const status = () => store.view.get('nodeStatus', nodeId)?.state;
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      clock.advance(50);
      await setImmediate();
    }
  };
  liveness.connected(nodeId, '10.0.0.1', timeoutMs);
  await pass(2_850);
  isCut = false;
  await pass(1_000);
  assert.equal(status(), 'disconnected', 'the link was back before three seconds were over');
  isCut = true;
  await pass(2_200);
  assert.equal(status(), 'down');
  assert.ok(most <= 4, `${most} asks of one machine at once`);
  await pass(1_000);
  assert.equal(underWay, 0);
});

test('a manager that was stopped gives nodes that time back', async () => {
  const { clock, liveness, status } = await watch();
  liveness.connected(nodeId, '10.0.0.1', timeoutMs);
  clock.stall(60_000);
  assert.notEqual(status()?.state, 'down');
  // One that is only busy is late, too, and gives none.
  clock.stall(timeoutMs - 700);
  assert.equal(status()?.state, 'ready');
  clock.stall(1_000);
  assert.equal(status()?.state, 'down');
});
