import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeId, TaskId } from '../../model/ids.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import { aNode, aTask, tasksOf } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';
import { ClusterModel } from './model.ts';
import { refusalsFor, schedule } from './schedule.ts';
import type { ScheduleInput } from './schedule.ts';

/** Services of all sorts; the property holds them to what they ask for. */
const sorts = [
  {},
  { reserve: { memoryBytes: 300, nanoCpus: 1e9 } },
  { reserve: { memoryBytes: 50 }, placement: { constraints: ['node.labels.disk==ssd'] } },
  { placement: { maxReplicasPerNode: 2 } },
  { placement: { maxReplicasPerNode: 1, preferences: [{ spread: 'node.labels.disk' }] } },
  { reserve: { generic: [{ kind: 'discrete', name: 'gpu', value: 1 }] } },
  { hostPorts: [{ protocol: 'tcp', target: 80, published: 80, mode: 'host' }] },
] as const;
const portService = sorts.length - 1;

interface World {
  readonly nodes: Map<string, TestNode>;
  readonly tasks: Map<string, Task>;
  readonly statuses: Map<string, TaskStatus>;
}

const inputOf = (world: World, strategy: ScheduleInput['strategy']): ScheduleInput => ({
  nodes: [...world.nodes.values()],
  tasks: [...world.tasks.values()].map((task) => ({ task, status: world.statuses.get(task.id) })),
  strategy,
  now: 0,
  random: () => 0.3,
});

const isLive = (world: World, task: Task): boolean => task.nodeId !== undefined && !world.statuses.has(task.id);

/** Checks, from the rows alone, that no node has more than it can take. */
const checkWorld = (world: World, before: ReadonlySet<string>): void => {
  const live = [...world.tasks.values()].filter((task) => isLive(world, task));
  for (const [nodeId, tasks] of Map.groupBy(live, (task) => task.nodeId as string)) {
    const fresh = tasks.filter(({ id }) => !before.has(id));
    if (fresh.length === 0) continue;
    const { node, status } = world.nodes.get(nodeId) as TestNode;
    assert.ok(node.spec.availability === 'active' && status.state === 'ready');
    const reserved = tasks.flatMap(({ spec }) => spec.containers.map(({ resources }) => resources?.reservations));
    const total = (pick: (one: (typeof reserved)[number]) => number | undefined): number =>
      reserved.reduce((sum, one) => sum + (pick(one) ?? 0), 0);
    assert.ok(total((one) => one?.memoryBytes) <= (node.description?.resources.memoryBytes ?? 0), 'memory');
    assert.ok(total((one) => one?.nanoCpus) <= (node.description?.resources.nanoCpus ?? 0), 'cpu');
    const items = tasks.flatMap(({ genericResources = [] }) => genericResources.map(({ value }) => value));
    assert.equal(new Set(items).size, items.length, 'an item handed out twice');
    assert.ok(tasks.filter(({ serviceId }) => serviceId === `s${portService}`).length <= 1, 'host port');
    for (const task of fresh) {
      const { placement } = task.spec;
      if (placement?.constraints !== undefined) assert.equal(node.spec.labels?.['disk'], 'ssd', 'constraint');
      const replicas = tasks.filter(({ serviceId }) => serviceId === task.serviceId).length;
      assert.ok(replicas <= (placement?.maxReplicasPerNode ?? replicas), 'replicas per node');
    }
  }
};

type Step =
  | {
      readonly kind: 'node';
      readonly node: number;
      readonly disk: string;
      readonly gpus: number;
      readonly paused: boolean;
    }
  | { readonly kind: 'node-gone'; readonly node: number }
  | { readonly kind: 'tasks'; readonly sort: number; readonly count: number }
  | { readonly kind: 'end' | 'delete'; readonly pick: number }
  | { readonly kind: 'decide'; readonly limit: number; readonly lose: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('node' as const),
    node: fc.nat(5),
    disk: fc.constantFrom('ssd', 'hdd'),
    gpus: fc.nat(2),
    paused: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('node-gone' as const), node: fc.nat(5) }),
  fc.record({
    kind: fc.constant('tasks' as const),
    sort: fc.nat(sorts.length - 1),
    count: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({ kind: fc.constantFrom('end' as const, 'delete' as const), pick: fc.nat(50) }),
  fc.record({ kind: fc.constant('decide' as const), limit: fc.integer({ min: 1, max: 9 }), lose: fc.nat(3) }),
);

/** A world and a model that is told of each change, as the loop does it. */
class Runner {
  readonly world: World = { nodes: new Map(), tasks: new Map(), statuses: new Map() };
  readonly model = new ClusterModel();
  readonly #strategy: ScheduleInput['strategy'];
  #next = 0;

  constructor(strategy: ScheduleInput['strategy']) {
    this.#strategy = strategy;
  }

  run(one: Step): void {
    const { world, model } = this;
    switch (one.kind) {
      case 'node': {
        const gpus = Array.from(
          { length: one.gpus },
          (_, n) => ({ kind: 'named', name: 'gpu', value: `g${n}` }) as const,
        );
        const made = aNode(`n${one.node}`, {
          labels: { disk: one.disk },
          generic: gpus,
          availability: one.paused ? 'pause' : 'active',
        });
        world.nodes.set(made.node.id, made);
        model.setNode(made.node.id, made.node);
        model.setNodeStatus(made.node.id, made.status);
        return;
      }
      case 'node-gone':
        world.nodes.delete(`n${one.node}`);
        model.setNode(`n${one.node}`, undefined);
        model.setNodeStatus(`n${one.node}`, undefined);
        return;
      case 'tasks':
        for (const task of tasksOf(`s${one.sort}`, one.count, sorts[one.sort])) {
          this.#set({ ...task, id: `t${(this.#next += 1)}` as TaskId });
        }
        return;
      case 'end':
        this.#end([...world.tasks.values()].filter((task) => isLive(world, task))[one.pick]);
        return;
      case 'delete': {
        const task = [...world.tasks.values()][one.pick];
        if (task === undefined) return;
        world.tasks.delete(task.id);
        model.setTask(task.id, undefined);
        return;
      }
      case 'decide':
        this.decide(one.limit, one.lose);
    }
  }

  /** Decides and commits; the first `lose` placements fail to be committed. */
  decide(limit: number, lose: number): Decision {
    const before = new Set(this.world.tasks.values().flatMap(({ id, nodeId }) => (nodeId === undefined ? [] : [id])));
    const decision = decide(this.model, { now: 0, strategy: this.#strategy, random: () => 0.3, limit });
    for (const [index, { task, nodeId, genericResources }] of decision.placements.entries()) {
      assert.equal(this.world.tasks.get(task.id), task, 'decided on an old row');
      if (index < lose) this.model.setTask(task.id, task);
      else this.#set({ ...task, nodeId, genericResources });
    }
    checkWorld(this.world, before);
    return decision;
  }

  #set(task: Task): void {
    this.world.tasks.set(task.id, task);
    this.model.setTask(task.id, task);
  }

  #end(task: Task | undefined): void {
    if (task === undefined) return;
    const status: TaskStatus = {
      taskId: task.id,
      state: 'complete',
      timestamp: 0,
      message: '',
      ready: false,
      containers: [],
    };
    this.world.statuses.set(task.id, status);
    this.model.setTaskStatus(task.id, status, task, 0);
  }
}

const strategy = fc.constantFrom('spread' as const, 'binpack' as const, 'random' as const);

describe('scheduler properties', () => {
  it('never gives a node more than it can take, and leaves nothing waiting that fits', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), strategy, (steps, kind) => {
        const runner = new Runner(kind);
        for (const one of steps) runner.run(one);
        while (runner.decide(100, 0).more);
        const input = inputOf(runner.world, kind);
        for (const task of runner.world.tasks.values()) {
          if (task.nodeId !== undefined || runner.world.statuses.has(task.id)) continue;
          const refusals = refusalsFor(input, task);
          assert.notEqual(refusals.length === 0 && runner.world.nodes.size > 0, true, `${task.id} fits and waits`);
          const asked = refusals.reduce((sum, { nodes }) => sum + nodes, 0);
          assert.equal(asked, runner.world.nodes.size);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('keeps a model that is the same as one made anew', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const runner = new Runner('spread');
        for (const one of steps) runner.run(one);
        const counted = (placements: Decision['placements']): Record<string, number> => {
          const byService = Map.groupBy(placements, ({ task }) => task.serviceId);
          return Object.fromEntries([...byService].map(([id, { length }]) => [id, length]));
        };
        // One service alone, so that the order of services does not matter.
        const only = aTask('s0', 1, { id: 'probe' as TaskId });
        const fresh = schedule(
          inputOf({ ...runner.world, tasks: new Map([...runner.world.tasks, [only.id, only]]) }, 'spread'),
        );
        runner.model.setTask(only.id, only);
        const kept = decide(runner.model, { now: 0, strategy: 'spread', random: () => 0.3, limit: 10_000 });
        assert.equal(counted(kept.placements)['s0'], counted(fresh.placements)['s0']);
      }),
      { numRuns: 200 },
    );
  });

  it('spreads within one where nothing stands in the way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 200 }), (nodeCount, taskCount) => {
        const nodes = Array.from({ length: nodeCount }, (_, index) => aNode(`n${index}`));
        const world = {
          nodes: new Map(nodes.map((one) => [one.node.id as string, one])),
          tasks: new Map(),
          statuses: new Map(),
        };
        for (const task of tasksOf('s0', taskCount)) world.tasks.set(task.id, task);
        const { placements } = schedule(inputOf(world, 'spread'));
        const perNode = nodes.map(
          ({ node }) => placements.filter(({ nodeId }) => nodeId === (node.id as NodeId)).length,
        );
        assert.equal(placements.length, taskCount);
        assert.ok(Math.max(...perNode) - Math.min(...perNode) <= 1);
      }),
      { numRuns: 50 },
    );
  });

  it('decides the same for the same input', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), strategy, (steps, kind) => {
        const once = (): unknown => {
          const runner = new Runner(kind);
          for (const one of steps) runner.run(one);
          return runner.decide(100, 0);
        };
        assert.deepEqual(once(), once());
      }),
      { numRuns: 100 },
    );
  });
});
