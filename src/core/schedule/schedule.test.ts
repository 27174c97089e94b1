import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mount } from '../../model/container.ts';
import type { TaskStatus } from '../../model/task.ts';
import { aNode, aTask, counts, place, tasksOf } from './fixtures.ts';
import { kindCheck } from './filters/filters.ts';
import { requirementsOf } from './requirements.ts';
import { refusalsFor } from './schedule.ts';

const explanationOf = (decision: ReturnType<typeof place>): string | undefined => decision.refused[0]?.explanation;

describe('filters', () => {
  it('explains each refusal in counts', () => {
    const nodes = [
      aNode('a', { memory: 10 }),
      aNode('b', { memory: 10 }),
      aNode('c', { availability: 'drain' }),
      aNode('d', { availability: 'pause' }),
      aNode('e', { state: 'down' }),
      aNode('f', { state: 'unknown' }),
    ];
    const decision = place(nodes, tasksOf('web', 1, { reserve: { memoryBytes: 100 } }));
    assert.equal(
      explanationOf(decision),
      'no suitable node (2 lack memory, 1 is down, 1 is drained, 1 is not connected, 1 is paused)',
    );
    assert.deepEqual(decision.refused[0]?.refusals[0], { filter: 'resources', reason: 'lack memory', nodes: 2 });
    assert.equal(explanationOf(place([], tasksOf('web', 1))), 'no suitable node (the cluster has none)');
  });

  it('passes over a node whose engine is away', () => {
    const one = aNode('a', { state: 'disconnected' });
    const decision = place([{ ...one, status: { ...one.status, engineAway: true } }], tasksOf('web', 1));
    assert.equal(explanationOf(decision), 'no suitable node (1 has a Docker Engine that does not answer)');
  });

  it('fills nodes up to what they have and no further', () => {
    const nodes = [aNode('a', { cpus: 2 }), aNode('b', { memory: 300 })];
    const decision = place(nodes, tasksOf('web', 10, { reserve: { nanoCpus: 1e9, memoryBytes: 100 } }));
    assert.deepEqual(counts(decision), { a: 2, b: 3 });
    assert.equal(decision.refused[0]?.tasks.length, 5);
    assert.equal(explanationOf(decision), 'no suitable node (1 lacks cpu, 1 lacks memory)');
  });

  it('adds up what the containers of a pod reserve', () => {
    const container = { name: 'x', image: 'x', resources: { reservations: { memoryBytes: 600 } } };
    const spec = { containers: [container, { ...container, name: 'y' }] };
    assert.equal(explanationOf(place([aNode('a')], [aTask('web', 1, { spec })])), 'no suitable node (1 lacks memory)');
  });

  it('hands out generic resources, items and numbers', () => {
    const gpu = (value: string) => ({ kind: 'named', name: 'gpu', value }) as const;
    const disk = (value: number) => ({ kind: 'discrete', name: 'disk', value }) as const;
    const nodes = [aNode('a', { generic: [gpu('one'), gpu('two'), gpu('three'), disk(5)] })];
    const wanted = { generic: [{ kind: 'discrete', name: 'gpu', value: 1 } as const, disk(2)] };
    const decision = place(nodes, tasksOf('web', 3, { reserve: wanted }));
    assert.deepEqual(
      decision.placements.map(({ genericResources }) => genericResources),
      [
        [gpu('one'), disk(2)],
        [gpu('two'), disk(2)],
      ],
    );
    assert.equal(explanationOf(decision), 'no suitable node (1 lacks disk)');
    const held = aTask('old', 1, { nodeId: 'a' as never, genericResources: [gpu('one'), gpu('two')] });
    const next = place(nodes, [held, ...tasksOf('web', 2, { reserve: { generic: wanted.generic.slice(0, 1) } })]);
    assert.deepEqual(next.placements[0]?.genericResources, [gpu('three')]);
    assert.equal(explanationOf(next), 'no suitable node (1 lacks gpu)');
  });

  it('names the constraint that does not hold', () => {
    const nodes = [aNode('a', { labels: { disk: 'hdd' } }), aNode('b')];
    const tasks = tasksOf('web', 1, { placement: { constraints: ['node.labels.disk == ssd'] } });
    assert.equal(explanationOf(place(nodes, tasks)), 'no suitable node (2 do not meet node.labels.disk==ssd)');
    assert.deepEqual(place([...nodes, aNode('c', { labels: { disk: 'ssd' } })], tasks).where, { 'web.1': 'c' });
  });

  it('matches platforms as images and engines call them', () => {
    const nodes = [aNode('arm', { architecture: 'aarch64' }), aNode('intel')];
    const on = (architecture: string) =>
      place(nodes, tasksOf('web', 1, { placement: { platforms: [{ os: 'linux', architecture }] } }));
    assert.deepEqual([on('arm64').where, on('amd64').where], [{ 'web.1': 'arm' }, { 'web.1': 'intel' }]);
    assert.equal(explanationOf(on('s390x')), 'no suitable node (2 have another platform)');
  });

  it('wants the volume and log drivers that are named', () => {
    const plugins = [
      { type: 'Volume', name: 'local' },
      { type: 'Volume', name: 'nfs:latest' },
    ];
    const nodes = [aNode('a', { plugins: plugins.slice(0, 1) }), aNode('b', { plugins })];
    const using = (driver: string) => ({
      containers: [
        {
          name: 'x',
          image: 'x',
          mounts: [{ type: 'volume', target: '/x', volume: { driver: { name: driver } } } as const],
        },
      ],
    });
    assert.deepEqual(place(nodes, [aTask('db', 1, { spec: using('nfs') })]).where, { 'db.1': 'b' });
    assert.equal(
      explanationOf(place(nodes, [aTask('db', 1, { spec: using('ceph') })])),
      'no suitable node (2 lack the volume driver ceph)',
    );
  });

  it('passes over engines that are too old for what is asked of them', () => {
    const nodes = [aNode('a', { apiVersion: '1.41' }), aNode('b'), aNode('c', { apiVersion: '1.45' })];
    const mounting = (mount: Partial<Mount>) => ({
      containers: [{ name: 'x', image: 'x', mounts: [{ type: 'volume', target: '/x', ...mount } as const] }],
    });
    const at = (mount: Partial<Mount>) => place(nodes, [aTask('db', 1, { spec: mounting(mount) })]);
    assert.deepEqual(at({ volume: { subpath: 'a' } }).where, { 'db.1': 'c' });
    assert.deepEqual(at({ type: 'bind', bind: { readOnlyForceRecursive: true } }).where, { 'db.1': 'c' });
    assert.equal(
      explanationOf(at({ type: 'image', image: { subpath: 'a' } })),
      'no suitable node (3 have an engine older than 28.0, too old for a mount of the type image)',
    );
    assert.equal(explanationOf(at({ volume: { subpath: '' } })), undefined);
  });

  it('gives a host port to one task per node', () => {
    const port = { protocol: 'tcp', target: 80, published: 8080, mode: 'host' } as const;
    const decision = place([aNode('a'), aNode('b')], tasksOf('web', 3, { hostPorts: [port] }));
    assert.deepEqual(counts(decision), { a: 1, b: 1 });
    assert.equal(explanationOf(decision), 'no suitable node (2 have port tcp/8080 in use)');
    const { published: _any, ...chosen } = port;
    assert.deepEqual(counts(place([aNode('a')], tasksOf('web', 3, { hostPorts: [chosen] }))), { a: 3 });
  });

  it('keeps to the most replicas per node', () => {
    const decision = place([aNode('a'), aNode('b')], tasksOf('web', 5, { placement: { maxReplicasPerNode: 2 } }));
    assert.deepEqual(counts(decision), { a: 2, b: 2 });
    assert.equal(explanationOf(decision), 'no suitable node (2 have the 2 replicas that are allowed)');
  });
});

describe('strategies', () => {
  const nodes = [aNode('a'), aNode('b'), aNode('c')];
  const on = (node: string, service: string, slot: number) => aTask(service, slot, { nodeId: node as never });

  it('spread: evens out the tasks of the service, then all tasks', () => {
    const there = [on('a', 'other', 1), on('b', 'web', 11), on('a', 'other', 2)];
    assert.deepEqual(place(nodes, [...there, ...tasksOf('web', 2)]).where, { 'web.1': 'c', 'web.2': 'a' });
  });

  it('spread: does not count tasks that are to end, though they take room', () => {
    const ending = { ...on('a', 'web', 11), desiredState: 'shutdown' } as const;
    const there = [ending, on('b', 'web', 12), on('c', 'web', 13)];
    assert.deepEqual(place(nodes, [...there, ...tasksOf('web', 1)]).where, { 'web.1': 'a' });
    const big = { reserve: { memoryBytes: 600 } };
    const [first, second] = tasksOf('big', 2, big);
    assert.ok(first !== undefined && second !== undefined);
    const full = place([aNode('a')], [{ ...first, nodeId: 'a' as never, desiredState: 'shutdown' }, second]);
    assert.equal(explanationOf(full), 'no suitable node (1 lacks memory)');
  });

  it('tries nodes last where the tasks failed five times in five minutes, or one was rejected', () => {
    const ended = (
      node: string,
      slot: number,
      state: 'failed' | 'rejected',
    ): { task: ReturnType<typeof aTask>; status: TaskStatus } => {
      const task = on(node, 'web', slot);
      return { task, status: { taskId: task.id, state, timestamp: 0, message: '', ready: false, containers: [] } };
    };
    const failures = Array.from({ length: 5 }, (_, index) => ended('a', 100 + index, 'failed'));
    const fresh = tasksOf('web', 2).map((task) => ({ task }));
    const cases = [
      [failures.slice(0, 4), 'a'],
      [failures, 'b'],
      [[ended('a', 100, 'rejected')], 'b'],
      [[ended('a', 100, 'rejected'), ended('b', 101, 'rejected')], 'a'],
    ] as const;
    for (const [before, first] of cases) {
      const decision = place([aNode('a'), aNode('b')], [], { tasks: [...before, ...fresh] });
      assert.equal(decision.where['web.1'], first, before.map(({ status }) => status.state).join(' '));
    }
  });

  it('binpack: fills one node before the next', () => {
    const tasks = tasksOf('web', 5, { reserve: { memoryBytes: 300 } });
    assert.deepEqual(counts(place(nodes, tasks, { strategy: 'binpack' })), { a: 3, b: 2 });
    const busy = on('b', 'other', 1);
    assert.deepEqual(place(nodes, [busy, ...tasksOf('web', 1)], { strategy: 'binpack' }).where, { 'web.1': 'b' });
  });

  it('random: any node that fits, as the argument says', () => {
    const draws = [0.99, 0, 0.5];
    const decision = place(nodes, tasksOf('web', 3), { strategy: 'random', random: () => draws.shift() ?? 0 });
    assert.deepEqual(decision.where, { 'web.1': 'c', 'web.2': 'a', 'web.3': 'b' });
  });

  it('spreads over preferences, nested, counting nodes that are no candidates', () => {
    const rack = (zone: string, name: string) => ({ labels: { zone, rack: name } });
    const racks = [
      aNode('a', rack('east', '1')),
      aNode('b', rack('east', '1')),
      aNode('c', rack('east', '2')),
      aNode('d', rack('west', '1')),
      aNode('e', { ...rack('west', '2'), availability: 'pause' }),
    ];
    const preferences = [{ spread: 'node.labels.zone' }, { spread: 'node.labels.rack' }];
    const tasks = tasksOf('web', 8, { placement: { preferences } });
    assert.deepEqual(counts(place(racks, tasks)), { a: 1, b: 1, c: 2, d: 4 });
    const paused = [on('e', 'web', 21), on('e', 'web', 22)];
    assert.deepEqual(counts(place(racks, [...paused, ...tasks.slice(0, 4)])), { a: 1, b: 1, c: 1, d: 1 });
  });

  it('leaves the share of a full branch to the others', () => {
    const zones = [aNode('a', { labels: { zone: 'east' }, memory: 100 }), aNode('b', { labels: { zone: 'west' } })];
    const wish = { reserve: { memoryBytes: 100 }, placement: { preferences: [{ spread: 'node.labels.zone' }] } };
    assert.deepEqual(counts(place(zones, tasksOf('web', 6, wish))), { a: 1, b: 5 });
  });
});

describe('which tasks are placed', () => {
  const nodes = [aNode('a')];

  it('leaves alone what is not allocated, waits, is over, or is not to run', () => {
    const { addresses: _none, ...unallocated } = aTask('a', 1);
    const others = [
      unallocated,
      aTask('b', 1, { waitingFor: 'db to be healthy' }),
      aTask('c', 1, { desiredState: 'shutdown' }),
      aTask('d', 1, { notBefore: 1 }),
    ];
    assert.deepEqual(place(nodes, others).where, {});
    assert.deepEqual(
      place(nodes, [aTask('d', 1, { notBefore: 1 }), aTask('e', 1, { desiredState: 'complete' })], { now: 1 }).where,
      {
        'd.1': 'a',
        'e.1': 'a',
      },
    );
  });

  it('checks tasks of global services on their own node alone', () => {
    const { slot: _slot, ...pinned } = aTask('global', 1, { nodeId: 'a' as never });
    const two = [aNode('a', { memory: 10 }), aNode('b')];
    assert.deepEqual(place(two, [pinned]).placements, [{ task: pinned, nodeId: 'a', genericResources: [] }]);
    const big = { ...pinned, spec: tasksOf('x', 1, { reserve: { memoryBytes: 100 } })[0]?.spec ?? pinned.spec };
    assert.equal(explanationOf(place(two, [big])), 'no suitable node (1 lacks memory)');
  });

  it('explains a task from a snapshot, and says nothing when it fits', () => {
    const [small, big] = [tasksOf('web', 1)[0], tasksOf('db', 1, { reserve: { memoryBytes: 5_000 } })[0]];
    assert.ok(small !== undefined && big !== undefined);
    const input = { nodes, tasks: [{ task: small }, { task: big }], now: 0 };
    assert.deepEqual(refusalsFor(input, small), []);
    assert.deepEqual(refusalsFor(input, big), [{ filter: 'resources', reason: 'lacks memory', nodes: 1 }]);
  });

  it('tells which nodes are of the right kind, full or down', () => {
    const placement = { constraints: ['node.role==worker'] };
    const [wanted] = tasksOf('web', 1, { reserve: { memoryBytes: 5_000 }, placement });
    assert.ok(wanted !== undefined);
    const check = kindCheck(requirementsOf(wanted));
    assert.equal(check(aNode('a', { state: 'down' })), undefined);
    assert.equal(check(aNode('a', { role: 'manager' }))?.one, 'does not meet node.role==worker');
  });
});
