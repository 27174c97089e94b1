import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId } from '../../model/ids.ts';
import { plainContainerSpec } from '../../model/single-container.ts';
import type { SingleContainerSpec } from '../../model/single-container.ts';
import type { ContainerMade } from '../manager.ts';
import { aTask } from '../../store/fixtures.ts';
import { countingRandomness } from '../testing/cluster.ts';
import { aContainerSpec, ContainerCluster } from './testing/cluster.ts';

const never = new AbortController().signal;

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
    return 'none';
  } catch (thrown) {
    return TuttiError.from(thrown).code;
  }
};

const idOf = (made: ContainerMade): string => {
  assert.equal(made.kind, 'made', JSON.stringify(made));
  return made.kind === 'made' ? made.id : '';
};

const onFailure = (name: string): SingleContainerSpec => aContainerSpec(name, { reschedule: 'on-node-failure' });

describe('containers made by themselves', () => {
  it('are placed, made on their engine, and have a row', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    const made = await containers.create(aContainerSpec('web'), never);
    const row = containers.row(idOf(made));
    assert.equal(row?.nodeId, 'n1');
    assert.deepEqual(made.kind === 'made' && made.warnings, ['careful']);
    await containers.create(aContainerSpec('db'), never);
    assert.deepEqual(cluster.everywhere(), ['n1 web', 'n2 db']);
  });

  it('what no engine here knows is refused, or said to be ignored', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    const asking = (name: string, HostConfig: unknown) =>
      aContainerSpec(name, { request: { Image: 'web', HostConfig } });
    const made = await containers.create(asking('web', { Annotations: { a: 'b' } }), never);
    assert.deepEqual(made.kind === 'made' && made.warnings, [
      'careful',
      "The node's engine ignores annotations: Docker Engine 24.0 or newer is needed",
    ]);
    const refused = await containers.create(asking('db', { Mounts: [{ Type: 'image', Source: 'web' }] }), never);
    assert.match(
      refused.kind === 'unplaced' ? refused.message : '',
      /Docker Engine 28\.0 for a mount of the type image/,
    );
  });

  it('have names that are unique over the cluster', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await containers.create(aContainerSpec('web'), never);
    assert.equal(await codeOf(containers.create(aContainerSpec('web'), never)), 'already-exists');
    cluster.engines.get('n2')?.push({ id: 'x', name: 'direct', running: false });
    assert.equal(await codeOf(containers.create(aContainerSpec('direct'), never)), 'already-exists');
    assert.equal(await codeOf(containers.create(aContainerSpec('no good'), never)), 'invalid-argument');
    await containers.create(aContainerSpec('Web'), never);
    assert.equal(cluster.store.view.count('container'), 2);
  });

  it('at the same time: one gets the name, and they are spread', async () => {
    await using cluster = await ContainerCluster.start(3);
    using containers = cluster.containers();
    const all = await Promise.allSettled([
      ...Array.from({ length: 4 }, () => containers.create(aContainerSpec('same'), never)),
      ...Array.from({ length: 5 }, (_, at) => containers.create(aContainerSpec(`other${at}`), never)),
    ]);
    assert.equal(all.filter(({ status }) => status === 'rejected').length, 3);
    assert.deepEqual(
      [...cluster.engines.values()].map((engine) => engine.length),
      [2, 2, 2],
    );
  });

  it('free the name of one that has gone without a word', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    await containers.create(aContainerSpec('web'), never);
    cluster.engines.get('n1')?.pop();
    idOf(await containers.create(aContainerSpec('web'), never));
    assert.equal(cluster.store.view.count('container'), 1);
  });

  it('reserve room, and are refused with the reason where there is none', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    const big = { reservation: { nanoCpus: 0, memoryBytes: 600 } };
    idOf(await containers.create(aContainerSpec('aa', big), never));
    idOf(await containers.create(aContainerSpec('bb', big), never));
    assert.deepEqual(await containers.create(aContainerSpec('cc', big), never), {
      kind: 'unplaced',
      message: 'No resources available to schedule container (2 nodes lack memory)',
    });
  });

  it('leave nothing behind where they cannot be made', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    const missing = await containers.create(aContainerSpec('aa', { image: 'nowhere' }), never);
    assert.deepEqual(missing, { kind: 'no-image', image: 'nowhere' });
    const images = { ensure: () => Promise.resolve({ kind: 'nowhere' as const }) };
    using others = cluster.containers({ images });
    assert.equal((await others.create(aContainerSpec('aa'), never)).kind, 'no-image');
    const missingFriend = { dependencies: [{ option: '--link=x', container: 'x' }] };
    assert.equal(await codeOf(containers.create(aContainerSpec('aa', missingFriend), never)), 'invalid-argument');
    assert.equal(cluster.store.view.count('container'), 0);
  });

  it('get the images that they mount, too', async () => {
    await using cluster = await ContainerCluster.start(1);
    const there = new Map([['web:1', 'sha256:1']]);
    const images = {
      ensure: (_node: string, reference: string) => {
        const id = there.get(reference);
        return Promise.resolve(id === undefined ? { kind: 'nowhere' as const } : { kind: 'travelled' as const, id });
      },
    };
    using containers = cluster.containers({ images });
    const mount = (Source: string) => ({ Type: 'image', Source, Target: '/data' });
    const spec = (name: string) => {
      const Mounts = [mount('data@sha256:2'), { Type: 'bind', Source: '/srv', Target: '/srv' }];
      const request = { Image: 'web:1', HostConfig: { Init: true, Mounts } };
      // The engines here are of no release: a client this old asks for none.
      return { ...plainContainerSpec(name, 'web:1'), request, apiVersion: '1.40' };
    };
    assert.deepEqual(await containers.create(spec('aa'), never), { kind: 'no-image', image: 'data@sha256:2' });
    there.set('data@sha256:2', 'sha256:2');
    idOf(await containers.create(spec('aa'), never));
    const [, bind] = spec('aa').request.HostConfig.Mounts;
    const HostConfig = { Init: true, Mounts: [mount('sha256:2'), bind] };
    assert.deepEqual(cluster.asked, [{ Image: 'web:1', HostConfig }]);
  });

  it('say which image it is that went away meanwhile', async () => {
    await using cluster = await ContainerCluster.start(1);
    const images = { ensure: () => Promise.resolve({ kind: 'present' as const, id: 'sha256:1' }) };
    using containers = cluster.containers({ images });
    const Mounts = ['data:1', 'nowhere'].map((Source) => ({ Type: 'image', Source, Target: '/data' }));
    const request = { Image: 'web', HostConfig: { Mounts } };
    const made = await containers.create(aContainerSpec('aa', { request, apiVersion: '1.40' }), never);
    assert.deepEqual(made, { kind: 'no-image', image: 'nowhere' });
  });

  it('go beside what they depend on', async () => {
    await using cluster = await ContainerCluster.start(3);
    using containers = cluster.containers();
    await containers.create(aContainerSpec('data'), never);
    const beside = { dependencies: [{ option: '--volumes-from=data', container: 'data' }] };
    await containers.create(aContainerSpec('user', beside), never);
    assert.deepEqual(cluster.everywhere(), ['n1 data', 'n1 user']);
  });

  it('take the place of another: on its node, with its room and ports', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    const big = { reservation: { nanoCpus: 0, memoryBytes: 800 }, hostPorts: ['tcp/80'] };
    const [first] = [await containers.create(aContainerSpec('web', big), never)];
    await containers.create(aContainerSpec('other', big), never);
    assert.equal((await containers.create(aContainerSpec('third', big), never)).kind, 'unplaced');
    idOf(await containers.create(aContainerSpec('web2', { ...big, replaces: idOf(first) }), never));
    assert.deepEqual(cluster.everywhere(), ['n1 web', 'n1 web2', 'n2 other']);
  });

  it('have ports at their address, and one of a range', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    const made = async (name: string, ...hostPorts: readonly string[]): Promise<string> =>
      (await containers.create(aContainerSpec(name, { hostPorts }), never)).kind;
    assert.equal(await made('aa', 'tcp/127.0.0.1:80'), 'made');
    assert.equal(await made('bb', 'tcp/10.0.0.1:80', 'udp/80'), 'made');
    assert.equal(await made('cc', 'tcp/80-81'), 'made');
    assert.equal(await made('dd', 'tcp/81'), 'made');
    assert.equal(await made('ee', 'tcp/80'), 'unplaced');
    assert.equal(await made('ff', 'tcp/80-81'), 'unplaced');
  });

  it('go elsewhere where a task has got their port in the same moment', async () => {
    await using cluster = await ContainerCluster.start(2);
    const hostPorts = [{ protocol: 'tcp', target: 80, published: 80, mode: 'host' } as const];
    const task = aTask('web.1', { nodeId: 'n1' as NodeId, hostPorts });
    let given: Promise<unknown> | undefined;
    // The last that is asked before the choice is committed.
    const number = (): number => {
      given ??= cluster.store.update((transaction) => transaction.create('task', task));
      return 0;
    };
    using containers = cluster.containers({ random: { ...countingRandomness(), number } });
    idOf(await containers.create(aContainerSpec('db', { hostPorts: ['tcp/80'] }), never));
    await given;
    assert.deepEqual(cluster.everywhere(), ['n2 db']);
  });

  it('are renamed in both places or in none, and forgotten when removed', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    const id = idOf(await containers.create(aContainerSpec('web'), never));
    const known = { id, nodeId: 'n1', name: 'web' };
    await containers.rename(known, 'shop', never);
    assert.equal(containers.row(id)?.spec.name, 'shop');
    assert.equal(await codeOf(containers.rename({ ...known, name: 'shop' }, 'refused', never)), 'already-exists');
    assert.equal(containers.row(id)?.spec.name, 'shop');
    await containers.removed(id, { byName: true });
    assert.equal(containers.row(id)?.spec.name, 'shop', 'the engine has it: another was called so');
    cluster.engines.get('n1')?.splice(0);
    await containers.removed(id);
    assert.equal(containers.row(id), undefined);
  });

  it('are placed again where their node is lost while they are placed', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    cluster.before = (node, method) => {
      if (node !== 'n1' || method !== 'POST') return;
      cluster.setNode('n1', 'disconnected');
      throw new TuttiError('unavailable', 'the node is not connected');
    };
    // Whether it was made there is not known: it may not be made a second time.
    assert.equal(await codeOf(containers.create(aContainerSpec('web'), never)), 'unavailable');
    cluster.setNode('n1', 'ready');
    cluster.before = () => undefined;
    const images = {
      ensure: (nodeId: string) => {
        if (nodeId === 'n1') cluster.setNode('n1', 'disconnected');
        return nodeId === 'n1'
          ? Promise.reject(new TuttiError('unavailable', 'it did not arrive'))
          : Promise.resolve({ kind: 'present' as const, id: 'x' });
      },
    };
    using others = cluster.containers({ images });
    idOf(await others.create(aContainerSpec('shop'), never));
    assert.deepEqual(cluster.everywhere(), ['n2 shop']);
  });

  it('are not tried twice where they could not be brought, and the reason is that of the first', async () => {
    await using cluster = await ContainerCluster.start(2);
    const asked: string[] = [];
    const images = {
      ensure: async (nodeId: string) => {
        asked.push(nodeId);
        return await Promise.reject(new TuttiError('unavailable', `the disk of ${nodeId} is full`));
      },
    };
    using containers = cluster.containers({ images });
    await assert.rejects(containers.create(aContainerSpec('web'), never), /the disk of n1 is full/);
    assert.deepEqual(asked, ['n1', 'n2']);
    assert.equal(cluster.store.view.count('container'), 0);
  });

  it('whose answer was lost were made all the same, or not', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    cluster.after = (_node, method) => {
      if (method === 'POST') throw new TuttiError('unavailable', 'the connection was lost');
    };
    idOf(await containers.create(aContainerSpec('made'), never));
    cluster.after = () => undefined;
    cluster.before = (_node, method) => {
      if (method === 'POST') throw new TuttiError('unavailable', 'the connection was lost');
    };
    assert.equal(await codeOf(containers.create(aContainerSpec('lost'), never)), 'unavailable');
    const names = () => Array.from(cluster.store.view.list('container'), ({ spec }) => spec.name);
    // The engine may be at it still: nobody else gets the name, and it is not made elsewhere.
    assert.deepEqual(names(), ['made', 'lost']);
    await using _tending = containers.startTending();
    await cluster.settle(60_000);
    assert.deepEqual(names(), ['made', 'lost']);
    await cluster.settle(60_000);
    assert.deepEqual(names(), ['made']);
  });

  it('of which nobody knows whether they were made are removed by force, and whatever comes of them', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    cluster.before = (_node, method) => {
      if (method === 'POST') throw new TuttiError('unavailable', 'the connection was lost');
    };
    assert.equal(await codeOf(containers.create(aContainerSpec('web'), never)), 'unavailable');
    cluster.before = () => undefined;
    assert.equal(await containers.abandonUnmade('other'), false);
    assert.equal(await containers.abandonUnmade('web'), true);
    assert.equal(await containers.abandonUnmade('web'), false);
    await cluster.settle();
    assert.equal(cluster.store.view.count('container'), 1, 'it may still come');
    cluster.engines.get('n1')?.push({ id: 'e'.repeat(64), name: 'web', running: false });
    await cluster.settle(30_000);
    assert.deepEqual(cluster.everywhere(), []);
    assert.equal(cluster.store.view.count('container'), 0);
    idOf(await containers.create(aContainerSpec('web'), never));
    await cluster.settle(120_000);
    assert.deepEqual(cluster.everywhere(), ['n1 web']);
  });

  it('that were made and cannot be finished or taken away do not come back with their node', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers({
      networks: {
        ...cluster.networks,
        finish: async (row) => {
          if (row.nodeId !== 'n1') return;
          cluster.setNode('n1', 'disconnected');
          return await Promise.reject(new TuttiError('unavailable', 'the node is lost'));
        },
      },
    });
    idOf(await containers.create(aContainerSpec('web'), never));
    assert.deepEqual(cluster.everywhere(), ['n1 web', 'n2 web']);
    await using _tending = containers.startTending();
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n2 web']);
    assert.equal(cluster.store.view.count('container'), 1);
  });

  it('are called by one name, also where one has it by being renamed and has no row', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    const direct = { id: 'd'.repeat(64), name: 'direct', running: false };
    cluster.engines.get('n2')?.push(direct);
    const [renamed, made] = await Promise.all([
      codeOf(containers.rename({ id: direct.id, nodeId: 'n2', name: 'direct' }, 'web', never)),
      codeOf(containers.create(aContainerSpec('web'), never)),
    ]);
    assert.deepEqual([renamed, made].toSorted(), ['already-exists', 'none']);
    await cluster.settle();
    assert.equal(cluster.everywhere().filter((one) => one.endsWith(' web')).length, 1);
    const refused = containers.rename({ id: direct.id, nodeId: 'n2', name: 'direct' }, 'refused', never);
    assert.equal(await codeOf(refused), 'already-exists');
    assert.equal(cluster.store.view.find('container', 'name', 'refused').length, 0);
  });
});

describe('tending', () => {
  it('settles what a manager that died left half done', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    const fall = (): never => {
      throw new TuttiError('unavailable', 'dead');
    };
    cluster.before = (_node, method) => (method === 'GET' ? fall() : undefined);
    cluster.after = (_node, method) => (method === 'POST' ? fall() : undefined);
    assert.equal(await codeOf(containers.create(aContainerSpec('made'), never)), 'unavailable');
    cluster.before = fall;
    assert.equal(await codeOf(containers.create(aContainerSpec('lost'), never)), 'unavailable');
    assert.equal(cluster.store.view.count('container'), 2);
    cluster.before = () => undefined;
    using next = cluster.containers();
    await using _tending = next.startTending();
    await cluster.settle(120_000);
    const rows = Array.from(cluster.store.view.list('container'));
    assert.deepEqual(
      rows.map(({ spec, engineId }) => [spec.name, engineId]),
      [['made', cluster.engines.get('n1')?.[0]?.id]],
    );
  });

  it('puts what it finds on the networks that were asked for, and takes away what cannot be there', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers({ networks: cluster.networks });
    const fall = (): never => {
      throw new TuttiError('unavailable', 'dead');
    };
    cluster.before = (_node, method) => (method === 'GET' ? fall() : undefined);
    cluster.after = (_node, method) => (method === 'POST' ? fall() : undefined);
    for (const name of ['web', 'badly']) {
      assert.equal(await codeOf(containers.create(aContainerSpec(name), never)), 'unavailable');
    }
    cluster.before = () => undefined;
    cluster.after = () => undefined;
    const finish: typeof cluster.networks.finish = async (row, id, signal) =>
      await (row.spec.name === 'badly'
        ? Promise.reject(new TuttiError('not-found', 'network gone not found'))
        : cluster.networks.finish(row, id, signal));
    using next = cluster.containers({ networks: { ...cluster.networks, finish } });
    await using _tending = next.startTending();
    await cluster.settle();
    assert.deepEqual(
      cluster.engines.get('n1')?.map(({ name, networks }) => [name, networks]),
      [['web', ['second']]],
    );
    assert.equal(cluster.store.view.count('container'), 1);
  });

  it('settles at once what could not be known when it was made', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    await cluster.settle();
    let asked = 0;
    cluster.after = (_node, method) => {
      if (method === 'POST') throw new TuttiError('unavailable', 'the connection was lost');
    };
    cluster.before = (_node, method) => {
      if (method === 'GET' && (asked += 1) === 1) throw new TuttiError('unavailable', 'the connection was lost');
    };
    assert.equal(await codeOf(containers.create(aContainerSpec('web'), never)), 'unavailable');
    await cluster.settle();
    assert.equal(cluster.store.view.find('container', 'name', 'web')[0]?.engineId?.length, 64);
  });

  it('drops rows of what went, and follows names that engines gave', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    await containers.create(aContainerSpec('gone'), never);
    cluster.engines.get('n1')?.pop();
    await containers.create(aContainerSpec('renamed'), never);
    const [other] = cluster.engines.get('n1') ?? [];
    if (other !== undefined) other.name = 'direct';
    await using _tending = containers.startTending();
    await cluster.settle();
    assert.deepEqual(
      Array.from(cluster.store.view.list('container'), ({ spec }) => spec.name),
      ['direct'],
    );
  });

  const lose = async (cluster: ContainerCluster, containers: ReturnType<ContainerCluster['containers']>) => {
    const id = idOf(await containers.create(onFailure('db'), never));
    await containers.create(aContainerSpec('other', { hints: { constraints: ['node==n1'], affinities: [] } }), never);
    const row = containers.row(id);
    cluster.store.observe((soft) =>
      soft.put('containerStatus', row?.id ?? '', { nodeId: row?.nodeId as never, running: true }),
    );
    cluster.setNode('n1', 'down');
  };

  it('makes and starts what asked for it elsewhere, and removes what it left', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    await lose(cluster, containers);
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other', 'n2 db*']);
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 other', 'n2 db*']);
    const [row] = cluster.store.view.find('container', 'name', 'db');
    assert.equal(row?.superseded, undefined);
    assert.equal(row?.moving, undefined);
  });

  it('removes what a container left also where that was removed meanwhile, and its name is free', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    await lose(cluster, containers);
    await cluster.settle();
    const moved = cluster.engines.get('n2')?.splice(0) ?? [];
    await containers.removed(moved[0]?.id ?? '');
    idOf(await containers.create(aContainerSpec('db'), never));
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 other', 'n2 db']);
    assert.equal(cluster.store.view.count('container'), 2);
  });

  it('removes what was taken off the cluster with its node when that is back, and its name is free at once', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    await containers.create(aContainerSpec('web'), never);
    const direct = { id: 'd'.repeat(64), name: 'direct', running: true };
    cluster.engines.get('n1')?.push(direct);
    cluster.setNode('n1', 'down');
    const [web] = cluster.inventory.named('web');
    const deleted: string[] = [];
    cluster.before = (_node, method, path) => void (method === 'DELETE' && deleted.push(path.split('?')[1] ?? ''));
    assert.ok(web);
    await containers.abandon(web, { volumes: true });
    await containers.abandon({ id: direct.id, nodeId: 'n1', name: 'direct' }, { volumes: false });
    await containers.abandon({ id: direct.id, nodeId: 'n1', name: 'direct' }, { volumes: false });
    assert.deepEqual([...containers.superseded()], [web.id, direct.id]);
    assert.deepEqual(containers.reserved('n1'), { nanoCpus: 0, memoryBytes: 0 });
    idOf(await containers.create(aContainerSpec('web'), never));
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n2 web']);
    assert.deepEqual(deleted, ['force=1&v=1', 'force=1']);
    assert.equal(cluster.store.view.count('container'), 1);
  });

  it('takes off the cluster what was made and whose answer never came', async () => {
    await using cluster = await ContainerCluster.start(1);
    using containers = cluster.containers();
    cluster.after = (_node, method) => {
      cluster.setNode('n1', 'down');
      if (method === 'POST') throw new TuttiError('unavailable', 'the connection was lost');
    };
    assert.equal(await codeOf(containers.create(aContainerSpec('web'), never)), 'unavailable');
    cluster.after = () => undefined;
    const [known] = cluster.inventory.named('web');
    assert.ok(known);
    await containers.abandon(known, { volumes: true });
    assert.equal(cluster.store.view.countOf('container', 'name', 'web'), 0);
    await using _tending = containers.startTending();
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), []);
    assert.equal(cluster.store.view.count('container'), 0);
  });

  it('does not leave behind what was taken off the cluster while it was made again', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    await lose(cluster, containers);
    const [lost] = cluster.inventory.named('db');
    assert.ok(lost);
    cluster.before = async (_node, _method, path) => {
      if (path.startsWith('/containers/create')) await containers.abandon(lost, { volumes: false });
    };
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other']);
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 other']);
    assert.equal(cluster.store.view.count('container'), 1);
  });

  it('takes nothing away that is not its own, and comes home with nothing', async () => {
    await using cluster = await ContainerCluster.start(2);
    const travelling = Promise.withResolvers<{ kind: 'present'; id: string }>();
    const images = { ensure: async (nodeId: string) => await (nodeId === 'n2' ? travelling.promise : present) };
    const present = Promise.resolve({ kind: 'present' as const, id: 'x' });
    using containers = cluster.containers({ images });
    await using _tending = containers.startTending();
    // An id that begins with the other's name.
    const stranger = { id: `db${'0'.repeat(62)}`, name: 'stranger', running: true };
    cluster.engines.get('n2')?.push(stranger);
    await lose(cluster, containers);
    await cluster.settle();
    cluster.setNode('n1', 'ready');
    cluster.setNode('n2', 'disconnected');
    travelling.reject(new TuttiError('unavailable', 'the node is lost'));
    await cluster.settle(5_000);
    const own = { id: 'e'.repeat(64), name: 'db', running: false, ran: true };
    cluster.engines.get('n2')?.push(own);
    cluster.setNode('n2', 'ready');
    await cluster.settle(120_000);
    assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other', 'n2 db', 'n2 stranger*']);
    const [row] = cluster.store.view.find('container', 'name', 'db');
    assert.deepEqual([row?.nodeId, row?.superseded], ['n1', undefined]);
  });

  it('removes what an engine made that was lost while it did', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    await lose(cluster, containers);
    cluster.before = (node, method) => {
      if (node !== 'n2' || method !== 'POST') return;
      cluster.setNode('n2', 'down');
      throw new TuttiError('unavailable', 'the connection was lost');
    };
    await cluster.settle();
    cluster.before = () => undefined;
    cluster.setNode('n1', 'ready');
    await cluster.settle(5_000);
    cluster.setNode('n2', 'ready');
    await cluster.settle();
    const isThere = (): boolean => cluster.store.view.find('container', 'name', 'db')[0]?.superseded !== undefined;
    assert.ok(isThere(), 'it may still come');
    cluster.engines.get('n2')?.push({ id: 'f'.repeat(64), name: 'db', running: false });
    await cluster.settle(30_000);
    assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other']);
    assert.ok(!isThere());
  });

  it('starts elsewhere only what ran, also where its manager was not there when its node was lost', async () => {
    for (const ends of [false, true]) {
      await using cluster = await ContainerCluster.start(2);
      {
        using first = cluster.containers();
        await using _tending = first.startTending();
        const id = idOf(await first.create(onFailure('db'), never));
        const row = first.row(id);
        assert.ok(row);
        const hear = async (running: boolean) => {
          cluster.store.observe((soft) => soft.put('containerStatus', row.id, { nodeId: row.nodeId, running }));
          await cluster.settle();
        };
        await hear(true);
        if (ends) await hear(false);
        cluster.store.observe((soft) => soft.drop('containerStatus', row.id));
      }
      cluster.setNode('n1', 'down');
      using second = cluster.containers();
      await using _tending = second.startTending();
      await cluster.settle();
      assert.deepEqual(cluster.everywhere(), ['n1 db', ends ? 'n2 db' : 'n2 db*']);
    }
  });

  it('starts elsewhere what its engine ended when it was shut down, and not what was ended long before', async () => {
    for (const [endsBeforeMs, expected] of [
      [10_000, 'n2 db*'],
      [60_000, 'n2 db'],
    ] as const) {
      await using cluster = await ContainerCluster.start(2);
      using containers = cluster.containers();
      await using _tending = containers.startTending();
      const row = containers.row(idOf(await containers.create(onFailure('db'), never)));
      assert.ok(row);
      const { nodeId } = row;
      const hear = async (running: boolean) => {
        const endedAt = running ? {} : { endedAt: cluster.clock.now() };
        cluster.store.observe((soft) => soft.put('containerStatus', row.id, { nodeId, running, ...endedAt }));
        await cluster.settle();
      };
      await hear(true);
      await hear(false);
      await cluster.settle(endsBeforeMs);
      cluster.setNode('n1', 'disconnected');
      await cluster.settle(35_000);
      cluster.setNode('n1', 'down');
      await cluster.settle();
      assert.deepEqual(cluster.everywhere(), ['n1 db', expected]);
    }
  });

  it('does not forget what is left on a lost node when the name is given anew', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    {
      await using _tending = containers.startTending();
      await lose(cluster, containers);
      await cluster.settle();
    }
    cluster.engines.get('n2')?.splice(0);
    idOf(await containers.create(aContainerSpec('db'), never));
    await using _tending = containers.startTending();
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 other', 'n2 db']);
  });

  it('waits where no node fits, and stays where its node comes back', async () => {
    await using cluster = await ContainerCluster.start(2);
    using containers = cluster.containers();
    await using _tending = containers.startTending();
    cluster.setNode('n2', 'down');
    await lose(cluster, containers);
    await cluster.settle();
    cluster.setNode('n1', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other']);
    cluster.setNode('n1', 'down');
    cluster.setNode('n2', 'ready');
    await cluster.settle();
    assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other', 'n2 db*']);
  });

  it('comes to exactly one, wherever the manager dies in the middle', async () => {
    for (let step = 1; step <= 10; step += 1) {
      for (const when of ['before', 'after'] as const) {
        await using cluster = await ContainerCluster.start(2);
        using first = cluster.containers({ networks: cluster.networks });
        await lose(cluster, first);
        let requests = 0;
        // From this request on nothing that the first manager does comes to anything.
        const dying = (): void => {
          requests += 1;
          if (requests >= step) throw new TuttiError('unavailable', 'dead');
        };
        cluster[when] = dying;
        {
          await using _tending = first.startTending();
          await cluster.settle();
        }
        cluster[when] = () => undefined;
        using second = cluster.containers({ networks: cluster.networks });
        await using _tending = second.startTending();
        await cluster.settle();
        assert.deepEqual(cluster.everywhere(), ['n1 db', 'n1 other', 'n2 db*'], `${when} ${step}`);
        assert.deepEqual(cluster.engines.get('n2')?.[0]?.networks, ['second'], `${when} ${step}`);
        cluster.setNode('n1', 'ready');
        await cluster.settle();
        assert.deepEqual(cluster.everywhere(), ['n1 other', 'n2 db*'], `${when} ${step}`);
      }
    }
  });
});
