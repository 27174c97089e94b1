import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../../test/support/until.ts';
import { startInventory } from '../../../manager/engines/inventory.ts';
import { startFakeEngines } from '../../../manager/engines/testing/engines.ts';
import type { Manager } from '../../../manager/manager.ts';
import { createQueries } from '../../../manager/queries/queries.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLog } from '../../../platform/log.ts';
import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from '../../http/request.ts';
import { createRouter } from '../../http/router.ts';
import { containerRoutes } from '../routes/containers.ts';

const idOf = (letter: string): string => letter.repeat(64);

/** The routes over an inventory of fake engines; what they need else of a manager says nothing. */
const start = async (nodes: readonly string[]) => {
  const fake = await startFakeEngines(nodes, { clock: systemClock, log: silentLog });
  const inventory = startInventory(fake);
  const abandoned: { readonly id: string; readonly volumes: boolean }[] = [];
  const manager = {
    queries: createQueries(fake.store.view, systemClock),
    engines: fake.engines,
    inventory,
    containers: {
      row: () => undefined,
      superseded: () => new Set(),
      abandon: ({ id }: { readonly id: string }, { volumes }: { readonly volumes: boolean }) =>
        void abandoned.push({ id, volumes }),
    },
    networks: { seen: () => undefined, nameOf: () => undefined },
  } as unknown as Manager;
  const random = { id: () => 'x', number: () => 0 };
  const route = createRouter(containerRoutes({ manager, clock: systemClock, random, version: '0' }));
  const call = async (method: string, target: string): Promise<Reply> => {
    const { pathname, searchParams } = new URL(target, 'http://docker');
    const found = route(method, pathname);
    assert.ok(found, target);
    const request: ApiRequest = {
      method,
      path: pathname,
      params: found.params,
      query: searchParams,
      headers: {},
      body: (async function* () {})(),
      signal: new AbortController().signal,
    };
    return await found.handler(request);
  };
  return {
    fake,
    inventory,
    abandoned,
    call,
    names: async (target: string): Promise<readonly string[]> => {
      const reply = await call('GET', target);
      assert.ok(reply.kind === 'bytes' && reply.status === 200, JSON.stringify(reply));
      const list = JSON.parse(Buffer.from(reply.bytes).toString()) as readonly {
        readonly Names: readonly string[];
        readonly Status: string;
      }[];
      return list.map(({ Names, Status }) => [...Names, Status].join(' '));
    },
    listed: async (node: string) =>
      await until(
        `${node} is listed`,
        () => inventory.listed(node),
        (listed) => listed,
        { everyMs: 2 },
      ),
    [Symbol.asyncDispose]: async () => {
      await inventory[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
};

const filters = (given: unknown): string => `filters=${encodeURIComponent(JSON.stringify(given))}`;

test('lists are merged over the nodes, and cut as asked', async () => {
  await using docker = await start(['node1', 'node2']);
  for (const [at, letter] of ['a', 'b', 'c', 'd'].entries()) {
    docker.fake.put(`node${(at % 2) + 1}`, { id: idOf(letter), name: letter + letter, created: 100 + at });
  }
  assert.deepEqual(await docker.names('/containers/json?all=1'), [
    '/dd /node2/dd Up',
    '/cc /node1/cc Up',
    '/bb /node2/bb Up',
    '/aa /node1/aa Up',
  ]);
  assert.deepEqual(await docker.names('/containers/json?limit=2'), ['/dd /node2/dd Up', '/cc /node1/cc Up']);
  assert.deepEqual(await docker.names(`/containers/json?${filters({ node: ['node1'] })}`), [
    '/cc /node1/cc Up',
    '/aa /node1/aa Up',
  ]);
  await docker.listed('node1');
  await docker.listed('node2');
  // Its own engine is asked for what is exactly before; the others' are compared.
  assert.ok((await docker.names(`/containers/json?${filters({ before: ['cc'] })}`)).includes('/bb /node2/bb Up'));
  assert.ok(!(await docker.names(`/containers/json?${filters({ since: ['cc'] })}`)).includes('/bb /node2/bb Up'));
  for (const wrong of [{ nosuch: ['x'] }, { status: ['tired'] }, { health: ['fine'] }]) {
    await assert.rejects(docker.call('GET', `/containers/json?${filters(wrong)}`), { code: 'invalid-argument' });
  }
  await assert.rejects(docker.call('GET', '/containers/json?limit=many'), { code: 'invalid-argument' });
  await assert.rejects(docker.call('GET', `/containers/json?${filters({ since: ['nosuch'] })}`), {
    code: 'invalid-argument',
  });
});

test("a lost node's containers are listed as last seen, as far as the filters want them, and cannot be asked", async () => {
  await using docker = await start(['node1', 'node2']);
  docker.fake.put('node2', { id: idOf('b'), name: 'bb' });
  await docker.listed('node2');
  docker.fake.state('node2', 'down');
  const reply = await docker.call('GET', '/containers/json');
  assert.equal(reply.headers?.['tutti-missing-nodes'], 'node2');
  assert.deepEqual(await docker.names('/containers/json'), ['/bb /node2/bb Host Down']);
  const fits = [
    { name: ['b'] },
    { name: ['^/bb$'] },
    { status: ['running'] },
    { id: ['bbb'] },
    { 'is-task': ['false'] },
  ];
  for (const given of fits) assert.equal((await docker.names(`/containers/json?${filters(given)}`)).length, 1);
  const others = [{ name: ['^b$'] }, { status: ['exited'] }, { label: ['a'] }, { network: ['x'] }, { volume: ['v'] }];
  for (const given of others) assert.equal((await docker.names(`/containers/json?${filters(given)}`)).length, 0);
  await assert.rejects(docker.call('GET', '/containers/bb/json'), {
    code: 'unavailable',
    message:
      'Container bb is on node node2, which cannot be asked: it is down. ' +
      'Bring the node back, or take the container off the cluster with "docker rm --force"',
  });
  await assert.rejects(docker.call('DELETE', '/containers/bb'), { code: 'unavailable' });
  assert.equal((await docker.call('DELETE', '/containers/bb?force=1&v=1')).status, 204);
  assert.deepEqual(docker.abandoned, [{ id: idOf('b'), volumes: true }]);
});

test('a request goes to the engine of its container; what has moved is looked for once more', async () => {
  await using docker = await start(['node1', 'node2']);
  docker.fake.put('node1', { id: idOf('a'), name: 'web' });
  await docker.listed('node1');
  await docker.listed('node2');
  const inspect = async (reference: string) => {
    const reply = await docker.call('GET', `/containers/${reference}/json`);
    assert.ok(reply.kind === 'bytes');
    return JSON.parse(Buffer.from(reply.bytes).toString()) as {
      readonly Id: string;
      readonly Node: { readonly Name: string };
    };
  };
  assert.equal((await inspect('web')).Node.Name, 'node1');
  assert.equal((await inspect('node1/web')).Id, idOf('a'));
  // Removed there and made elsewhere, and no event of either has come yet.
  docker.fake.take('node1', idOf('a'));
  docker.fake.put('node2', { id: idOf('b'), name: 'web' });
  assert.deepEqual([(await inspect('web')).Id, (await inspect('web')).Node.Name], [idOf('b'), 'node2']);
  docker.fake.take('node2', idOf('b'));
  await assert.rejects(docker.call('GET', '/containers/web/json'), { message: 'No such container: web' });
  for (const path of ['/containers/web/resize', '/exec/nosuch/resize']) {
    await assert.rejects(docker.call('POST', `${path}?h=1&w=2`), { code: 'not-found' });
    await assert.rejects(docker.call('POST', `${path}?h=foo&w=2`), {
      code: 'invalid-argument',
      message: 'strconv.Atoi: parsing "foo": invalid syntax',
    });
  }
  await assert.rejects(docker.call('POST', '/containers/web/kill'), {
    message: 'Cannot kill container: web: No such container: web',
  });
});
