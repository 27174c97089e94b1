import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNetwork, aSelf } from '../../../../test/support/assignments.ts';
import { TuttiError } from '../../../model/errors.ts';
import { createBridges } from './bridges.ts';
import type { Bridges } from './bridges.ts';
import { networkLabel } from '../names.ts';
import type { DockerNetwork, Exec, KernelSettings } from '../ports.ts';

/** An engine and a kernel that make a bridge for each network. */
function fake(routes = '[]'): {
  bridges: () => Bridges;
  networks: Map<string, DockerNetwork>;
  busy: Set<string>;
  calls: string[];
} {
  const networks = new Map<string, DockerNetwork>();
  const busy = new Set<string>();
  const calls: string[] = [];
  const there = (path: string): boolean =>
    path.includes('ip_forward') ||
    [...networks.values()].some(({ options }) => path.includes(options['com.docker.network.bridge.name'] ?? '?'));
  const settings: KernelSettings = {
    read: (path) => (there(path) ? '0' : undefined),
    write: there,
    list: () => [],
  };
  const exec: Exec = async () => ({ code: 0, stdout: routes, stderr: '' });
  const docker = {
    list: async () => [...networks.values()],
    create: async (request: Parameters<Parameters<typeof createBridges>[0]['docker']['create']>[0]) => {
      calls.push(`create ${request.name}`);
      const id = `id${calls.length}`;
      networks.set(id, { ...request, id, subnets: [{ subnet: request.subnet, gateway: request.gateway }] });
      return id;
    },
    remove: async (id: string) => {
      const network = networks.get(id);
      if (busy.has(network?.labels[networkLabel] ?? '')) throw new TuttiError('permission-denied', 'has endpoints');
      calls.push(`remove ${network?.name}`);
      return networks.delete(id);
    },
  };
  return { bridges: () => createBridges({ docker, exec, settings }), networks, busy, calls };
}

suite("the engine's networks", () => {
  test('are made once, however many ask at the same time', async () => {
    const { bridges, calls } = fake();
    const made = bridges();
    const names = await Promise.all([1, 2, 3].map(async () => await made.ensure(aNetwork(), aSelf())));
    assert.deepEqual(new Set(names), new Set(['tutti-1-front0000']));
    assert.deepEqual(calls, ['create tutti-1-front0000']);
  });

  test('are taken over by the next run of the agent', async () => {
    const { bridges, calls } = fake();
    await bridges().ensure(aNetwork(), aSelf());
    const next = bridges();
    await next.adopt();
    assert.equal(next.isThere('front0000'), true);
    await next.ensure(aNetwork(), aSelf());
    assert.equal(calls.length, 1);
  });

  test('are made again with another subnet', async () => {
    const { bridges, calls } = fake();
    await bridges().ensure(aNetwork(), aSelf());
    await bridges().ensure(aNetwork({ subnet: '10.128.7.0/24', gateway: '10.128.7.1' }), aSelf());
    assert.deepEqual(calls, ['create tutti-1-front0000', 'remove tutti-1-front0000', 'create tutti-1-front0000']);
  });

  test('are made again where someone removed them', async () => {
    const { bridges, networks, calls } = fake();
    const made = bridges();
    await made.ensure(aNetwork(), aSelf());
    networks.clear();
    await made.ensure(aNetwork(), aSelf());
    assert.equal(calls.length, 2);
  });

  test('go when they are not wanted, and wait for the last container', async () => {
    const { bridges, networks, busy } = fake();
    const made = bridges();
    await made.ensure(aNetwork(), aSelf());
    busy.add('front0000');
    assert.deepEqual(await made.removeUnwanted(() => false), ['front0000']);
    assert.deepEqual(await made.removeUnwanted(() => true), []);
    assert.equal(networks.size, 1);
    busy.clear();
    assert.deepEqual(await made.removeUnwanted(() => false), []);
    assert.equal(networks.size, 0);
  });

  test('are refused where a route of the machine is in the way, by name', async () => {
    const { bridges } = fake('[{"dst":"10.128.0.0/16","dev":"eth1"}]');
    await assert.rejects(bridges().ensure(aNetwork(), aSelf()), (error: TuttiError) => {
      assert.equal(error.code, 'conflict');
      assert.match(error.message, /front \(10\.128\.0\.0\/24\) overlaps the route 10\.128\.0\.0\/16 by eth1/);
      return true;
    });
  });
});
