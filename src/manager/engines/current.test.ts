import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { manualClock } from '../testing/clock.ts';
import { startInventory } from './inventory.ts';
import { startFakeEngines } from './testing/engines.ts';

const signal = new AbortController().signal;
const idOf = (letter: string): string => letter.repeat(64);
const web = idOf('a');

const start = async (how: { readonly old?: boolean } = {}) => {
  const clock = { ...manualClock(), sleep: systemClock.sleep };
  const fake = await startFakeEngines(['node1'], { clock, log: silentLog });
  fake.set('node1', how);
  const inventory = startInventory(fake);
  const listed = async (): Promise<void> =>
    void (await until('it is listed', () => inventory.listed('node1'), Boolean, { everyMs: 1 }));
  return {
    clock,
    fake,
    inventory,
    listed,
    /** `name status` of each; what was asked for it but events. */
    list: async () => {
      const from = fake.asked.length;
      const found = await inventory.current('node1', signal);
      const shown = found?.map(({ summary, status }) => `${summary.Names?.[0]} ${status}`);
      const asked = fake.asked.slice(from).map((path) => (path.includes('filters') ? 'some' : path.slice(6)));
      return { shown, asked };
    },
    /** Until a question for a container that is asked in the background was answered. */
    learned: async (id: string): Promise<void> => {
      await until(
        'it is asked',
        () => fake.asked,
        (asked) => asked.includes(`node1 /containers/${id}/json`),
        { everyMs: 1 },
      );
      await new Promise((resolve) => setImmediate(resolve));
    },
    [Symbol.asyncDispose]: async () => {
      await inventory[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
};

const all = '/containers/json?all=1';

test('what the events have told is there, those too that the stream has not brought yet', async () => {
  await using node = await start();
  const { fake } = node;
  fake.put('node1', { id: web, name: 'web', state: 'created', status: 'Created' });
  await node.listed();
  assert.deepEqual(await node.list(), { shown: ['/web Created'], asked: [] });
  fake.set('node1', { late: true });
  fake.put('node1', { id: idOf('b'), name: 'db', state: 'created', status: 'Created' });
  fake.tell('node1', { Type: 'container', Action: 'create', id: idOf('b') });
  assert.deepEqual(await node.list(), { shown: ['/web Created', '/db Created'], asked: ['some'] });
  fake.tell('node1', { Type: 'container', Action: 'exec_create: sh', id: web });
  fake.tell('node1', { Type: 'volume', Action: 'mount', id: 'v' });
  assert.deepEqual(await node.list(), { shown: ['/web Created', '/db Created'], asked: [] });
  fake.take('node1', web);
  fake.tell('node1', { Type: 'container', Action: 'destroy', id: web });
  assert.deepEqual(await node.list(), { shown: ['/db Created'], asked: ['some'] });
});

test('times go on as the engine counts them, once it was asked since when', async () => {
  await using node = await start();
  const { fake } = node;
  const startedAt = new Date(fake.now() - 50_000).toISOString();
  fake.put('node1', { id: web, name: 'web', status: 'Up 50 seconds (healthy)', startedAt });
  await node.listed();
  assert.deepEqual(await node.list(), {
    shown: ['/web Up 50 seconds (healthy)'],
    asked: ['some', `/containers/${web}/json`],
  });
  await node.learned(web);
  assert.deepEqual(await node.list(), { shown: ['/web Up 50 seconds (healthy)'], asked: [] });
  fake.pass(10_500);
  assert.deepEqual(await node.list(), { shown: ['/web Up About a minute (healthy)'], asked: [] });
  // It is healthy no more: since when it runs is still known.
  fake.put('node1', { id: web, name: 'web', status: 'Up About a minute (unhealthy)', startedAt });
  fake.tell('node1', { Type: 'container', Action: 'health_status: unhealthy', id: web });
  await node.list();
  node.clock.advance(3_000);
  await node.list();
  fake.pass(60_000);
  assert.deepEqual(await node.list(), { shown: ['/web Up 2 minutes (unhealthy)'], asked: [] });
  // It was started anew: what was known says nothing.
  fake.put('node1', { id: web, name: 'web', status: 'Up 1 second', startedAt });
  fake.tell('node1', { Type: 'container', Action: 'start', id: web });
  assert.equal((await node.list()).shown?.[0], '/web Up 1 second');
});

test('an end is listed when the engine lists it, which is after it has told of it', async () => {
  await using node = await start();
  const { fake } = node;
  fake.put('node1', {
    id: web,
    name: 'web',
    status: 'Up 2 hours',
    startedAt: new Date(fake.now() - 7_200_000).toISOString(),
  });
  await node.listed();
  await node.list();
  await node.learned(web);
  fake.tell('node1', { Type: 'container', Action: 'die', id: web });
  assert.deepEqual((await node.list()).shown, ['/web Up 2 hours']);
  fake.put('node1', { id: web, name: 'web', state: 'exited', status: 'Exited (0) 1 second ago' });
  assert.equal((await node.list()).shown?.[0], '/web Exited (0) 1 second ago');
});

test('everything is read again after a minute, and when names of images changed', async () => {
  await using node = await start();
  const { fake, clock } = node;
  fake.put('node1', { id: web, name: 'web', state: 'created', status: 'Created' });
  await node.listed();
  assert.deepEqual((await node.list()).asked, []);
  fake.set('node1', { late: true });
  fake.tell('node1', { Type: 'image', Action: 'tag', id: 'sha256:1' });
  assert.deepEqual((await node.list()).asked.toSorted(), [all, '/images/json'].toSorted());
  assert.deepEqual((await node.list()).asked, []);
  fake.put('node1', { id: web, name: 'web', state: 'dead', status: 'Dead' });
  clock.advance(60_001);
  assert.deepEqual(await node.list(), { shown: ['/web Dead'], asked: [all] });
});

test('many in doubt are one question, and what cannot be understood is asked for each time', async () => {
  await using node = await start();
  for (let at = 0; at < 51; at++) node.fake.put('node1', { id: `${at}`.padStart(64, 'a'), name: `c${at}` });
  await node.listed();
  assert.deepEqual((await node.list()).asked, [all]);
  assert.deepEqual((await node.list()).asked, [all]);
});

test('only the engine says where its events are not followed, or an agent says nothing of its time', async () => {
  await using node = await start();
  await node.listed();
  assert.deepEqual((await node.list()).shown, []);
  node.fake.cut('node1');
  await until(
    'it is cut',
    () => node.fake.open('node1'),
    (open) => open === 0,
    { everyMs: 1 },
  );
  assert.equal((await node.list()).shown, undefined);
  node.fake.state('node1', 'down');
  assert.equal((await node.list()).shown, undefined);
  await using old = await start({ old: true });
  await old.listed();
  assert.equal((await old.list()).shown, undefined);
});
