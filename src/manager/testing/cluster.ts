import { setImmediate } from 'node:timers/promises';
import { clusterSpec } from '../../model/cluster.ts';
import type { NodeId } from '../../model/ids.ts';
import type { Node, NodeSpec, NodeState } from '../../model/node.ts';
import { TuttiError } from '../../model/errors.ts';
import { serviceSpec } from '../../model/service.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { Log, Randomness } from '../../platform/ports.ts';
import type { NodeRequests } from '../../rpc/transport.ts';
import { createStore } from '../../store/create.ts';
import { memoryDriver } from '../../store/drivers/memory.ts';
import type { MemoryDisk } from '../../store/drivers/memory.ts';
import type { Store } from '../../store/store.ts';
import { createAllocator } from '../allocator.ts';
import type { Allocator } from '../allocator.ts';
import { trackAssignments } from '../assignments/track.ts';
import { createCluster } from '../cluster.ts';
import { createManager, startLoops } from '../create.ts';
import type { AgentGateway } from '../logs/gateway.ts';
import type { Manager, TaskRecord } from '../manager.ts';
import { FakeAgent } from './agents.ts';
import type { Behaviour } from './agents.ts';
import { manualClock } from './clock.ts';
import type { ManualClock } from './clock.ts';

const silence: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silence };

/** Numbers that look like identifiers, the same in every run. */
export const countingRandomness = (seed = 1): Randomness => {
  let state = seed;
  let count = 0;
  return {
    id: () => `${(count++).toString(36).padStart(24, '0')}x`,
    number: () => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    },
  };
};

/** A whole manager in memory, with agents that do as they are told. */
export class TestCluster implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly manager: Manager;
  readonly allocator: Allocator;
  readonly agents = new Map<string, FakeAgent>();
  readonly behaviours = new Map<string, Behaviour>();
  readonly #assignments;
  readonly #resources = new AsyncDisposableStack();
  readonly errors: string[];

  private constructor(
    store: Store,
    clock: ManualClock,
    errors: string[],
    gateway: AgentGateway,
    requests: NodeRequests,
  ) {
    this.store = store;
    this.clock = clock;
    this.errors = errors;
    const log: Log = { ...silence, error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`) };
    const logger: Log = { ...log, with: () => logger };
    const random = countingRandomness();
    this.#resources.use(store);
    this.allocator = this.#resources.use(createAllocator(store));
    const joinToken = (role: string) => `SWMTKN-1-${role}-${random.id()}`;
    const ports = { store, clock, random, log: logger, allocator: this.allocator };
    this.manager = this.#resources.use(createManager({ ...ports, joinToken, agents: gateway, requests }));
    this.#assignments = this.#resources.use(trackAssignments(store));
    this.#resources.use(startLoops(ports));
  }

  static async start(
    options: {
      readonly nodes?: number;
      readonly disk?: MemoryDisk;
      readonly gateway?: AgentGateway;
      readonly requests?: NodeRequests;
    } = {},
  ): Promise<TestCluster> {
    const clock = manualClock();
    const store = await createStore({ driver: memoryDriver(options.disk), clock });
    const gateway: AgentGateway = options.gateway ?? { openLogs: async function* () {} };
    const requests: NodeRequests = options.requests ?? {
      request: () => Promise.reject(new TuttiError('unavailable', 'no engine is behind this node')),
    };
    const cluster = new TestCluster(store, clock, [], gateway, requests);
    if (store.view.count('cluster') === 0) {
      const material = { caCertificate: '', caKey: '', joinTokens: { manager: '', worker: '' } };
      const random = countingRandomness(7);
      const ids = { id: () => `net${random.id().slice(-6)}` };
      const { allocator } = cluster;
      const spec = clusterSpec.parse({});
      await createCluster({ store, allocator, clock, random: ids, id: 'cluster', spec, material });
    }
    for (let at = 1; at <= (options.nodes ?? 3); at += 1) await cluster.addNode(`node${at}`);
    await cluster.settle();
    return cluster;
  }

  async addNode(name: string, spec: Partial<NodeSpec> = {}): Promise<FakeAgent> {
    const id = name as NodeId;
    const now = this.clock.now();
    const node: Node = {
      id,
      version: 0,
      createdAt: now,
      updatedAt: now,
      spec: { name, role: 'worker', availability: 'active', ...spec },
      description: {
        hostname: name,
        platform: { os: 'linux', architecture: 'x86_64' },
        resources: { nanoCpus: 64e9, memoryBytes: 2 ** 37 },
        engine: { version: '28' },
        address: `192.168.0.${this.agents.size + 1}`,
        agentVersion: '0',
      },
    };
    await this.store.update((transaction) => {
      if (transaction.get('node', id) === undefined) transaction.create('node', node);
    });
    const agent = new FakeAgent(
      id,
      this.store,
      () => this.clock.now(),
      (image) => this.behaviours.get(image) ?? 'run',
    );
    this.agents.set(id, agent);
    this.setNodeState(id, 'ready');
    return agent;
  }

  agent(nodeId: string): FakeAgent {
    const agent = this.agents.get(nodeId);
    if (agent === undefined) throw new Error(`no agent on ${nodeId}`);
    return agent;
  }

  setNodeState(nodeId: string, state: NodeState): void {
    const agent = this.agent(nodeId);
    const back = state === 'ready';
    agent.connected = back;
    if (back) {
      agent.replace(this.#assignments.full(nodeId));
      agent.tellAll();
    }
    const status = { nodeId: nodeId as NodeId, state, message: '', since: this.clock.now() };
    this.store.observe((soft) => soft.put('nodeStatus', nodeId, status));
  }

  async setAvailability(nodeId: string, availability: NodeSpec['availability']): Promise<void> {
    const { node } = this.manager.queries.node(nodeId);
    await this.manager.commands.updateNode(nodeId, node.version, { ...node.spec, availability });
  }

  /** Lets everything that can happen without time passing happen. */
  async settle(): Promise<void> {
    for (let quiet = 0, rounds = 0; quiet < 4; rounds += 1) {
      if (rounds > 500) throw new Error('the cluster does not settle');
      quiet = (await this.round()) ? 0 : quiet + 1;
    }
  }

  /** One round: the manager's loops and every agent once. True when anything changed. */
  async round(): Promise<boolean> {
    let moved = false;
    const subscription = this.store.subscribe(() => (moved = true));
    this.clock.advance(0);
    await setImmediate();
    for (const [nodeId, { put, remove }] of this.#assignments.changes()) {
      const agent = this.agents.get(nodeId);
      if (agent?.connected === true) agent.apply(put, remove);
      moved = true;
    }
    for (const agent of this.agents.values()) if (agent.connected) moved = agent.step() || moved;
    await setImmediate();
    subscription[Symbol.dispose]();
    return moved;
  }

  /** Lets time pass in steps, everything settling after each. */
  async pass(ms: number, step = 250): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.clock.advance(Math.min(step, left));
      await this.settle();
    }
  }

  async create(name: string, more: Partial<ServiceSpec> = {}): Promise<string> {
    return (await this.manager.commands.createService(aServiceSpec(name, more))).id;
  }

  async change(name: string, change: (spec: ServiceSpec) => ServiceSpec): Promise<void> {
    const { service } = this.manager.queries.service(name);
    await this.manager.commands.updateService(name, service.version, change(service.spec));
  }

  tasks(service: string): TaskRecord[] {
    const { id } = this.manager.queries.service(service).service;
    return this.manager.queries.tasksOf({ serviceId: id }).toSorted((a, b) => (a.task.slot ?? 0) - (b.task.slot ?? 0));
  }

  running(service: string): TaskRecord[] {
    return this.tasks(service).filter(
      ({ task, status }) => task.desiredState === 'running' && status.state === 'running',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

export const aServiceSpec = (name: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  ...serviceSpec.parse({
    name,
    task: { containers: [{ name: 'main', image: 'app:1' }] },
    mode: { kind: 'replicated', replicas: 1 },
  }),
  ...more,
});

export const withImage = (spec: ServiceSpec, image: string): ServiceSpec => ({
  ...spec,
  task: { ...spec.task, containers: [{ name: 'main', image }] },
});
