import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isWanted } from '../core/task/known.ts';
import { TuttiError } from '../model/errors.ts';
import type { NetworkId } from '../model/ids.ts';
import type { PublishedPort, ServiceMode } from '../model/service.ts';
import { isTerminal } from '../model/task.ts';
import type { Task } from '../model/task.ts';
import { AssignmentTable } from './assignments/table.ts';
import { aServiceSpec, TestCluster, withImage } from './testing/cluster.ts';

/** What may happen to a cluster, as data. */
const services = ['a', 'b', 'c'];
const nodes = ['node1', 'node2', 'node3'];
const service = fc.constantFrom(...services);
const node = fc.constantFrom(...nodes);
const mode: fc.Arbitrary<ServiceMode> = fc.oneof(
  fc.record({ kind: fc.constant('replicated' as const), replicas: fc.integer({ min: 0, max: 6 }) }),
  fc.constant({ kind: 'global' as const }),
  fc.constant({ kind: 'replicated-job' as const, maxConcurrent: 2, totalCompletions: 3 }),
);
const port = fc.option(fc.integer({ min: 80, max: 82 }));
const order = fc.constantFrom('stop-first' as const, 'start-first' as const);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('create' as const),
    service,
    mode,
    order,
    port,
  }),
  fc.record({ kind: fc.constant('scale' as const), service, replicas: fc.integer({ min: 0, max: 7 }) }),
  fc.record({
    kind: fc.constant('update' as const),
    service,
    image: fc.constantFrom('app:1', 'app:2', 'bad:1'),
    attached: fc.boolean(),
    endpoint: fc.constantFrom('vip' as const, 'dnsrr' as const),
    port,
  }),
  fc.record({ kind: fc.constant('remove' as const), service }),
  fc.record({ kind: fc.constant('node' as const), node, state: fc.constantFrom('ready' as const, 'down' as const) }),
  fc.record({
    kind: fc.constant('availability' as const),
    node,
    availability: fc.constantFrom('active' as const, 'pause' as const, 'drain' as const),
  }),
  fc.record({ kind: fc.constant('end' as const), node, pick: fc.nat(), successor: fc.boolean(), ok: fc.boolean() }),
  fc.record({ kind: fc.constant('rounds' as const), count: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 100, max: 8_000 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What users may be told; anything else is a defect. */
const allowed = new Set(['already-exists', 'not-found', 'conflict', 'invalid-argument', 'in-use']);

const portsOf = (published: number | null): PublishedPort[] =>
  published === null ? [] : [{ protocol: 'tcp', mode: 'ingress', target: 80, published }];

const act = async (cluster: TestCluster, networkId: NetworkId, next: Step, count: number): Promise<void> => {
  const { commands } = cluster.manager;
  switch (next.kind) {
    case 'create': {
      const spec = aServiceSpec(next.service, { mode: next.mode, update: { order: next.order, monitorMs: 500 } });
      const task = { ...spec.task, networks: [{ networkId }] };
      await commands.createService({ ...spec, task, endpoint: { ports: portsOf(next.port) } });
      return;
    }
    case 'scale':
      await commands.scaleService(next.service, next.replicas);
      return;
    case 'update':
      await cluster.change(next.service, (spec) => {
        const changed = withImage(spec, next.image);
        const networks = next.attached ? [{ networkId }] : [];
        const endpoint = { mode: next.endpoint, ports: portsOf(next.port) };
        return { ...changed, task: { ...changed.task, networks }, endpoint };
      });
      return;
    case 'remove':
      await commands.removeService(next.service);
      return;
    case 'node':
      cluster.setNodeState(next.node, next.state);
      return;
    case 'availability':
      await cluster.setAvailability(next.node, next.availability);
      return;
    case 'end': {
      const agent = cluster.agent(next.node);
      const running = agent.running().filter((id) => agent.assignments.has(`task:${id}`));
      const id = running[next.pick % Math.max(1, running.length)];
      if (id !== undefined)
        agent.end(id, next.ok ? 'complete' : 'failed', next.successor ? `successor${count}` : undefined);
      return;
    }
    case 'rounds':
      for (let round = 0; round < next.count; round += 1) {
        await cluster.round();
        checkAlways(cluster);
      }
      return;
    case 'pass':
      cluster.clock.advance(next.ms);
      return;
  }
};

const endedIn = (cluster: TestCluster, task: Task): boolean => {
  const status = task.finalStatus ?? cluster.store.view.get('taskStatus', task.id);
  return status !== undefined && isTerminal(status.state);
};

/** Holds at every moment. */
const checkAlways = (cluster: TestCluster): void => {
  const addresses = new Map<string, Task>();
  const places = new Map<string, Task>();
  const running = new Set([...cluster.agents.values()].flatMap((agent) => agent.running()));
  for (const task of cluster.store.view.list('task')) {
    if (!endedIn(cluster, task)) {
      for (const { networkId, address } of task.addresses ?? []) {
        const other = addresses.get(`${networkId} ${address}`);
        assert.equal(other, undefined, `${address} of ${task.id} is ${other?.id}'s`);
        addresses.set(`${networkId} ${address}`, task);
      }
    }
    if (!isWanted(task)) continue;
    const place = `${task.serviceId} ${task.slot ?? task.nodeId} ${task.specVersion}`;
    assert.equal(places.get(place), undefined, `two tasks are wanted for ${place}`);
    places.set(place, task);
    if (task.desiredState === 'ready') assert.ok(!running.has(task.id), `${task.id} is held but runs`);
  }
  const ports = [...cluster.store.view.list('service')].flatMap(({ ports: own }) =>
    own.map(({ published }) => published),
  );
  assert.equal(new Set(ports).size, ports.length, 'a port has two owners');
};

/** What agents were told bit by bit is what they would be told at once, worked out anew. */
const checkAssignments = (cluster: TestCluster): void => {
  const anew = new AssignmentTable(cluster.store.view);
  for (const { nodeId, assignments } of cluster.agents.values()) {
    const expected = anew.full(nodeId);
    assert.deepEqual(new Set(assignments.keys()), new Set(expected.keys()), nodeId);
    for (const [key, item] of expected) assert.deepEqual(assignments.get(key), item, `${key} on ${nodeId}`);
  }
};

/** Holds once everything is up and time has passed. */
const checkConverged = (cluster: TestCluster): void => {
  for (const { service: row, running, desired } of cluster.manager.queries.services()) {
    const { mode: kind, name, task } = row.spec;
    if (kind.kind === 'replicated-job' || task.containers[0]?.image === 'bad:1') continue;
    const paused = row.updateStatus?.state.endsWith('paused') === true;
    if (!paused) {
      assert.equal(running, kind.kind === 'global' ? nodes.length : desired, `${name} ${kind.kind}`);
      for (const known of cluster.running(name)) assert.equal(known.task.specVersion, row.specVersion);
    }
  }
};

const scenario = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
  await using cluster = await TestCluster.start({ nodes: 3 });
  cluster.behaviours.set('bad:1', 'reject');
  const { id } = await cluster.manager.commands.createNetwork({ name: 'net', driver: 'overlay' });
  for (const [count, next] of steps.entries()) {
    try {
      await act(cluster, id as NetworkId, next, count);
    } catch (error) {
      if (!(error instanceof TuttiError && allowed.has(error.code))) throw error;
    }
    checkAlways(cluster);
  }
  for (const name of nodes) {
    cluster.setNodeState(name, 'ready');
    await cluster.setAvailability(name, 'active');
  }
  await cluster.pass(150_000, 5_000);
  checkAlways(cluster);
  checkConverged(cluster);
  checkAssignments(cluster);
  for (const { service: row } of cluster.manager.queries.services()) {
    await cluster.manager.commands.removeService(row.id);
  }
  await cluster.pass(31_000, 31_000);
  assert.deepEqual([...cluster.store.view.list('task')], [], 'tasks are left');
  assert.deepEqual([...cluster.store.view.list('taskStatus')], [], 'statuses are left');
  checkAssignments(cluster);
  for (const agent of cluster.agents.values()) assert.equal(agent.tasks.size, 0, 'an agent has tasks left');
  assert.deepEqual(cluster.errors, []);
});

test('whatever happens, the cluster converges, and breaks no rule on the way', async () => {
  await fc.assert(scenario, { numRuns: Number(process.env['TUTTI_RUNS'] ?? 40), endOnFailure: true });
});
