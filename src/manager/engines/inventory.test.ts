import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import type { NodeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { startFakeEngines } from './testing/engines.ts';
import { startInventory } from './inventory.ts';

const signal = new AbortController().signal;
const idOf = (letter: string): string => letter.repeat(64);

const start = async (nodes: readonly string[]) => {
  const fake = await startFakeEngines(nodes, { clock: systemClock, log: silentLog });
  const inventory = startInventory(fake);
  return {
    fake,
    inventory,
    listed: async (node: string) =>
      await until(`${node} is listed`, () => inventory.listed(node), Boolean, { deadlineMs: 2000, everyMs: 2 }),
    [Symbol.asyncDispose]: async () => {
      await inventory[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
};

test('containers are found by id, beginning of an id, name, and node/name', async () => {
  await using parts = await start(['node1', 'node2']);
  const { fake, inventory } = parts;
  fake.put('node1', { id: idOf('a'), name: 'web' });
  fake.put('node1', { id: `ab${idOf('c').slice(2)}`, name: 'abc' });
  fake.put('node2', { id: idOf('b'), name: 'db' });
  fake.put('node2', { id: idOf('e'), name: 'same' });
  fake.put('node1', { id: idOf('f'), name: 'same' });
  await parts.listed('node1');
  await parts.listed('node2');
  const named = async (reference: string) => (await inventory.find(reference, signal)).name;
  assert.equal(await named(idOf('a')), 'web');
  assert.equal(await named('aaaa'), 'web');
  assert.equal(await named('aa'), 'web');
  assert.equal(await named('/db'), 'db');
  assert.equal(await named('node2/db'), 'db');
  assert.equal(await named('node2/bbbbb'), 'db');
  assert.equal((await inventory.find('node1/same', signal)).id, idOf('f'));
  assert.equal(await named('abc'), 'abc');
  await assert.rejects(inventory.find('node1/db', signal), {
    code: 'not-found',
    message: 'No such container: node1/db',
  });
  await assert.rejects(inventory.find('a', signal), { message: 'Multiple IDs found with provided prefix: a' });
  await assert.rejects(inventory.find('same', signal), /several containers are called same: node1\/same \(ffff/);
  assert.equal(inventory.of('node2').length, 2);
});

test('what is still to be removed on a node that was lost is nobody’s container', async () => {
  await using parts = await start(['node1', 'node2']);
  const { fake, inventory } = parts;
  fake.put('node1', { id: idOf('a'), name: 'web' });
  fake.put('node2', { id: idOf('b'), name: 'web' });
  await parts.listed('node1');
  await parts.listed('node2');
  await assert.rejects(inventory.find('web', signal), { code: 'invalid-argument' });
  const superseded = [{ nodeId: 'node1' as NodeId, engineId: idOf('a') }];
  await fake.store.update((transaction) => transaction.create('container', goneRow(superseded)));
  assert.equal((await inventory.find('web', signal)).id, idOf('b'));
  await assert.rejects(inventory.find(idOf('a'), signal), { code: 'not-found' });
  assert.deepEqual(
    inventory.containers().map(({ id }) => id),
    [idOf('b')],
  );
  await fake.store.update((transaction) => transaction.delete('container', 'gone'));
  assert.equal((await inventory.find('aaaa', signal)).name, 'web');
});

const goneRow = (superseded: NonNullable<SingleContainer['superseded']>): SingleContainer => ({
  id: 'gone',
  version: 0,
  createdAt: 0,
  updatedAt: 0,
  nodeId: 'node1' as NodeId,
  gone: true,
  superseded,
  spec: plainContainerSpec('gone', ''),
});

test('what an engine tells is read again, and nothing else', async () => {
  await using parts = await start(['node1']);
  const { fake, inventory } = parts;
  fake.put('node1', { id: idOf('a'), name: 'web' });
  await parts.listed('node1');
  const asked = fake.asked.length;
  fake.put('node1', { id: idOf('b'), name: 'new' });
  fake.tell('node1', { Type: 'container', Action: 'create', id: idOf('b') });
  await until(
    'it is there',
    () => inventory.peek('new'),
    (found) => found !== undefined,
    { everyMs: 2 },
  );
  fake.take('node1', idOf('a'));
  fake.tell('node1', { Type: 'container', Action: 'destroy', id: idOf('a') });
  await until(
    'it is gone',
    () => inventory.peek('web'),
    (found) => found === undefined,
    { everyMs: 2 },
  );
  fake.tell('node1', { Type: 'container', Action: 'exec_start: true', id: idOf('b') });
  fake.tell('node1', { Type: 'image', Action: 'tag', id: 'sha256:1' });
  await until(
    'images are read',
    () => fake.asked.at(-1),
    (path) => path === 'node1 /images/json',
    { everyMs: 2 },
  );
  const since = fake.asked.slice(asked);
  assert.equal(since.filter((path) => path.includes('filters=')).length, 2);
  assert.equal(since.length, 3);
});

test('a stream that broke off goes on where it was: nothing lost, nothing twice', async () => {
  await using parts = await start(['node1']);
  const { fake, inventory } = parts;
  await parts.listed('node1');
  const seen: string[] = [];
  const stop = new AbortController();
  const reading = (async () => {
    for await (const { event } of inventory.events(stop.signal)) seen.push(`${event.Action}`);
  })();
  fake.tell('node1', { Type: 'container', Action: 'one', id: idOf('a') });
  await until(
    'the first',
    () => seen.length,
    (length) => length === 1,
    { everyMs: 2 },
  );
  fake.cut('node1');
  fake.tell('node1', { Type: 'container', Action: 'two', id: idOf('a') });
  fake.put('node1', { id: idOf('d'), name: 'unseen' });
  await until(
    'the second',
    () => seen.length,
    (length) => length === 2,
    { everyMs: 2 },
  );
  fake.tell('node1', { Type: 'container', Action: 'three', id: idOf('a') });
  await until(
    'the third',
    () => seen.length,
    (length) => length === 3,
    { everyMs: 2 },
  );
  assert.deepEqual(seen, ['one', 'two', 'three']);
  await until(
    'listed anew',
    () => inventory.peek('unseen'),
    (found) => found !== undefined,
    { everyMs: 2 },
  );
  stop.abort();
  await reading;
});

test('what the events have not told of yet is asked of every node', async () => {
  await using parts = await start(['node1', 'node2']);
  const { fake, inventory } = parts;
  await parts.listed('node1');
  await parts.listed('node2');
  fake.put('node2', { id: idOf('d'), name: 'quick' });
  const found = await inventory.find('quick', signal);
  assert.equal(found.nodeName, 'node2');
  await assert.rejects(inventory.find('never', signal), { message: 'No such container: never' });
});

test('a node that is lost keeps its containers, one that is removed does not', async () => {
  await using parts = await start(['node1', 'node2']);
  const { fake, inventory } = parts;
  fake.put('node2', { id: idOf('d'), name: 'db' });
  await parts.listed('node2');
  fake.state('node2', 'down');
  assert.equal(inventory.peek('db')?.reachable, false);
  assert.equal(inventory.listed('node2'), false);
  await until(
    'its stream is over',
    () => fake.open('node2'),
    (open) => open === 0,
    { everyMs: 2 },
  );
  await assert.rejects(inventory.refresh('node2', [idOf('d')], signal), { code: 'unavailable' });
  fake.state('node2', 'ready');
  await parts.listed('node2');
  assert.equal(inventory.peek('db')?.reachable, true);
  await fake.removeNode('node2');
  assert.equal(inventory.peek('db'), undefined);
});

test('execs are remembered, and asked for where they are not', async () => {
  await using parts = await start(['node1', 'node2']);
  const { fake, inventory } = parts;
  inventory.noteExec('e1', 'node2');
  assert.equal((await inventory.findExec('e1', signal)).nodeId, 'node2');
  fake.execs.set('e2', 'node1');
  assert.equal((await inventory.findExec('e2', signal)).nodeId, 'node1');
  await assert.rejects(inventory.findExec('e3', signal), { message: 'No such exec instance: e3' });
});

test('what the cluster remembers of a container stands in until its engine is listed', async () => {
  const fake = await startFakeEngines(['node1', 'node2'], { clock: systemClock, log: silentLog });
  for (const [at, node] of ['node1', 'node2'].entries()) {
    const spec = { name: `c${at}`, image: 'app:1', request: { Labels: { a: 'b' } } };
    const row = { id: `row${at}`, version: 0, createdAt: 5000, updatedAt: 0, spec, nodeId: node, engineId: idOf('a') };
    await fake.store.update((transaction) => transaction.create('container', row as never));
  }
  fake.state('node2', 'down');
  await using inventory = startInventory(fake);
  await until(
    'node1 is listed',
    () => inventory.listed('node1'),
    (listed) => listed,
  );
  await using _ = fake;
  assert.equal(inventory.peek('c0'), undefined);
  const known = inventory.peek('c1');
  assert.deepEqual([known?.reachable, known?.summary.Created, known?.summary.Labels], [false, 5, { a: 'b' }]);
});
