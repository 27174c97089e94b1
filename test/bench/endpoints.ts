import { setImmediate } from 'node:timers/promises';
import { createRowBook } from '../../src/agent/dns/link/rows.ts';
import { noBalanceMemory } from '../../src/agent/network/balance.ts';
import { desiredKernelState } from '../../src/agent/network/desired.ts';
import { applyMessage } from '../../src/agent/session/apply.ts';
import type { Received } from '../../src/agent/session/apply.ts';
import { trackAssignments } from '../../src/manager/assignments/track.ts';
import { createDispatcher } from '../../src/manager/dispatcher/dispatcher.ts';
import type { Dispatcher } from '../../src/manager/dispatcher/dispatcher.ts';
import type { NetworkId, NodeId, ServiceId, TaskId } from '../../src/model/ids.ts';
import { clusterSpec } from '../../src/model/cluster.ts';
import type { NodeDescription } from '../../src/model/node.ts';
import { protocolVersion } from '../../src/model/protocol.ts';
import type { AgentMessage, ManagerMessage } from '../../src/model/protocol.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { createStore } from '../../src/store/create.ts';
import { memoryDriver } from '../../src/store/drivers/memory.ts';
import { aNode, aStatus, aTask } from '../../src/store/fixtures.ts';
import type { Store } from '../../src/store/store.ts';
import { until } from '../support/until.ts';
import type { Tell } from './bench.ts';
import { median } from './result.ts';

const nodeCount = 200;
const serviceCount = 1_000;
const tasksOfEach = 10;
const changes = 50;
const networkId = 'front00000000000000000001' as NetworkId;

const nodeId = (index: number): NodeId => `node-${index}` as NodeId;
const serviceId = (index: number): ServiceId => `service${index}` as ServiceId;
const taskId = (index: number): TaskId => `task${index}` as TaskId;
const addressOf = (third: number, index: number): string => `10.128.${third + (index >> 8)}.${index & 255}`;
const describe = (index: number): NodeDescription => ({
  hostname: `node${index}`,
  platform: { os: 'linux', architecture: 'x86_64' },
  resources: { nanoCpus: 64e9, memoryBytes: 2 ** 38 },
  engine: { version: '28.2.2' },
  address: `10.0.0.${index + 1}`,
  agentVersion: '0',
});
const stored = <Id extends string>(id: Id) => ({ id, version: 0, createdAt: 1, updatedAt: 1 });

/** All nodes are on one network with a thousand services of ten tasks each. */
const fullStore = async (): Promise<Store> => {
  const store = await createStore({ driver: memoryDriver(), clock: systemClock });
  await store.update((tx) => {
    const secrets = { caCertificate: '', caKey: '', joinTokens: { manager: '', worker: '' } };
    tx.create('cluster', { ...stored('cluster'), spec: clusterSpec.parse({ encryption: 'off' }), ...secrets });
    const spec = { name: 'front', internal: false, attachable: false, ingress: false, ipv6: false };
    tx.create('network', {
      ...stored(networkId),
      spec: { ...spec, driver: 'overlay' },
      subnet: '10.128.64.0/18',
      gateway: '10.128.64.1',
    });
    for (let index = 0; index < nodeCount; index += 1) {
      const overlay = { overlayAddress: `100.127.0.${index + 1}` };
      tx.create('node', aNode(String(index), { ...overlay, description: describe(index) }));
    }
  });
  for (let index = 0; index < serviceCount; index += 1) {
    await store.update((tx) => {
      const spec = { containers: [{ name: 'main', image: 'web:1' }], networks: [{ networkId }] };
      const name = `many${index}`;
      const virtualIps = [{ networkId, address: addressOf(112, index) }];
      const mode = { kind: 'replicated', replicas: tasksOfEach } as const;
      tx.create('service', {
        ...stored(serviceId(index)),
        spec: { name, task: spec, mode },
        specVersion: 1,
        ports: [],
        virtualIps,
      });
      for (let slot = 0; slot < tasksOfEach; slot += 1) {
        const at = index * tasksOfEach + slot;
        const addresses = [{ networkId, address: addressOf(70, at) }];
        const owner = { serviceId: serviceId(index), serviceName: name, slot: slot + 1, spec };
        tx.create('task', aTask(taskId(at), { ...owner, nodeId: nodeId(at % nodeCount), addresses }));
      }
    });
  }
  store.observe((soft) => {
    for (let at = 0; at < serviceCount * tasksOfEach; at += 1) {
      soft.put('taskStatus', taskId(at), aStatus(taskId(at), { nodeId: nodeId(at % nodeCount) }));
    }
  });
  return store;
};

interface Simulated {
  /** The node tells the manager of one of its tasks. */
  observe(task: number, ready: boolean): void;
  beat(): void;
  /** Messages that are in force there. */
  readonly inForce: () => number;
  readonly assignments: () => number;
}

/**
 * An agent without a kernel. What goes between it and the manager is JSON, as on the wire. `thorough`: it works out all that its
 * node's kernel and names should have, as every agent does on a machine of its own.
 */
const simulate = (dispatcher: Dispatcher, index: number, thorough: boolean): Simulated => {
  let received: Received | undefined;
  let sequence = 0;
  const memory = noBalanceMemory();
  const names = createRowBook();
  const take = (message: ManagerMessage): void => {
    if (message.kind !== 'assignments') return;
    // The first set is the same for all of them, and only one looks at it.
    if (thorough) {
      const next = applyMessage(received, message);
      if (next === 'gap') throw new Error('a message is missing');
      const whole = received === undefined;
      received = next;
      desiredKernelState(next.assignments, new Map(), memory);
      names(next.assignments, new Map(), whole);
    }
    sequence = message.sequence;
    say({ kind: 'in-force', sequence });
  };
  const handlers = dispatcher.service.session(
    { nodeId: nodeId(index), role: 'worker', clusterId: 'cluster', address: `10.0.0.${index + 1}` },
    {
      send(message) {
        if (message.kind !== 'assignments' || message.complete) take(message);
        else take(JSON.parse(JSON.stringify(message)) as ManagerMessage);
        return true;
      },
      close: (reason) => {
        if (reason !== undefined) throw reason;
      },
    },
  );
  const say = (message: AgentMessage): void => {
    setImmediateOf(() => handlers.message(JSON.parse(JSON.stringify(message)) as AgentMessage));
  };
  const tasks = Array.from({ length: (serviceCount * tasksOfEach) / nodeCount }, (_, at) =>
    aStatus(taskId(at * nodeCount + index)),
  );
  say({ kind: 'hello', protocol: protocolVersion, description: describe(index), tasks, sequence: 0 });
  return {
    observe: (task, ready) => say({ kind: 'observations', tasks: [aStatus(taskId(task), { ready })] }),
    beat: () => {
      handlers.heard?.();
      handlers.message({ kind: 'heartbeat' });
    },
    inForce: () => sequence,
    assignments: () => received?.assignments.size ?? 0,
  };
};

const setImmediateOf = (call: () => void): void => void setImmediate().then(call);

/** From an agent's word that a task is ready or not any more until 200 nodes have said that they know. */
export async function endpointsOf200(tell: Tell): Promise<void> {
  await using store = await fullStore();
  using assignments = trackAssignments(store);
  await using dispatcher = createDispatcher({
    store,
    assignments,
    clock: systemClock,
    log: silentLog,
    managers: () => ['10.0.0.1:2377'],
    answers: () => Promise.resolve(false),
  });
  const agents = Array.from({ length: nodeCount }, (_, index) => simulate(dispatcher, index, index === nodeCount - 1));
  const beats = setInterval(() => agents.forEach(({ beat }) => beat()), 500);
  using _ = { [Symbol.dispose]: () => clearInterval(beats) };
  const last = agents[nodeCount - 1];
  const isTold = (): boolean => agents.every(({ inForce }) => inForce() > 0);
  await until('all agents to know', () => Promise.resolve(isTold()), Boolean, { deadlineMs: 120_000 });
  const known = last?.assignments() ?? 0;
  if (known < serviceCount * (tasksOfEach + 1)) throw new Error(`an agent knows of ${known} only`);
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const before = agents.map(({ inForce }) => inForce());
    const task = change * 101;
    const begin = performance.now();
    agents[task % nodeCount]?.observe(task, false);
    while (agents.some(({ inForce }, index) => inForce() === before[index])) await setImmediate();
    times.push(performance.now() - begin);
  }
  const sorted = times.toSorted((a, b) => a - b);
  tell({
    name: 'a change of endpoints told to 200 simulated nodes, 1,000 services with 10,000 tasks, p99',
    value: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN,
    unit: 'ms',
    limit: { kind: 'at most', value: 1_000 },
    detail: `(median ${Math.round(median(times))} ms; without their kernels)`,
  });
}
