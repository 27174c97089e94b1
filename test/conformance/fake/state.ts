import type { ClusterEvent } from '../../../src/manager/manager.ts';
import { TuttiError } from '../../../src/model/errors.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import { clusterSpec } from '../../../src/model/cluster.ts';
import type { NetworkId, NodeId } from '../../../src/model/ids.ts';
import type { Network } from '../../../src/model/network.ts';
import type { Node, NodeStatus } from '../../../src/model/node.ts';
import type { Config, Secret } from '../../../src/model/secret.ts';
import type { Service } from '../../../src/model/service.ts';
import type { Task, TaskStatus } from '../../../src/model/task.ts';
import type { Clock, Randomness } from '../../../src/platform/ports.ts';

/** The whole state of the fake: plain maps, no loops. */
export interface FakeState {
  readonly clock: Clock;
  readonly random: Randomness;
  revision: number;
  cluster: Cluster;
  readonly nodes: Map<string, Node>;
  readonly nodeStatus: Map<string, NodeStatus>;
  readonly services: Map<string, Service>;
  readonly tasks: Map<string, Task>;
  readonly taskStatus: Map<string, TaskStatus>;
  readonly networks: Map<string, Network>;
  readonly secrets: Map<string, Secret>;
  readonly configs: Map<string, Config>;
  readonly events: ClusterEvent[];
  readonly listeners: Set<() => void>;
}

export const stamp = (state: FakeState) => {
  state.revision += 1;
  const now = state.clock.now();
  return { version: state.revision, createdAt: now, updatedAt: now };
};

export const createState = (clock: Clock, random: Randomness): FakeState => {
  const now = clock.now();
  const base = { version: 1, createdAt: now, updatedAt: now };
  const state: FakeState = {
    clock,
    random,
    revision: 1,
    cluster: {
      id: random.id(),
      ...base,
      spec: clusterSpec.parse({}),
      caCertificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      caKey: 'secret',
      joinTokens: { manager: 'SWMTKN-1-digest-manager', worker: 'SWMTKN-1-digest-worker' },
    },
    nodes: new Map(),
    nodeStatus: new Map(),
    services: new Map(),
    tasks: new Map(),
    taskStatus: new Map(),
    networks: new Map(),
    secrets: new Map(),
    configs: new Map(),
    events: [],
    listeners: new Set(),
  };
  for (const driver of ['host', 'bridge', 'none'] as const) {
    const id = random.id() as NetworkId;
    state.networks.set(id, { id, ...base, spec: { name: driver, driver } });
  }
  const ingress = random.id() as NetworkId;
  state.networks.set(ingress, {
    id: ingress,
    ...base,
    spec: { name: 'ingress', driver: 'overlay', ingress: true },
    subnet: '10.128.0.0/20',
    gateway: '10.128.0.1',
  });
  for (const [index, name] of ['n1', 'n2', 'n3'].entries()) addNode(state, name, `10.0.0.${index + 1}`, index === 0);
  return state;
};

const addNode = (state: FakeState, hostname: string, address: string, isManager: boolean): void => {
  const id = state.random.id() as NodeId;
  state.nodes.set(id, {
    id,
    ...stamp(state),
    spec: { role: isManager ? 'manager' : 'worker', availability: 'active' },
    description: {
      hostname,
      platform: { os: 'linux', architecture: 'amd64' },
      resources: { nanoCpus: 2e9, memoryBytes: 4 * 2 ** 30 },
      engine: { version: '28.2.2', labels: { disk: 'ssd' }, plugins: [{ type: 'Log', name: 'json-file' }] },
      address,
      agentVersion: '0.1.0',
    },
    ...(isManager ? { managerAddress: `${address}:2377` } : {}),
  });
  state.nodeStatus.set(id, { nodeId: id, state: 'ready', message: '', address, since: state.clock.now() });
};

/** By id, name or unambiguous prefix of an id. */
export const resolve = <Item extends { readonly id: string }>(
  items: ReadonlyMap<string, Item>,
  kind: string,
  reference: string,
  name: (item: Item) => string,
): Item => {
  const exact = items.get(reference) ?? [...items.values()].find((item) => name(item) === reference);
  if (exact !== undefined) return exact;
  const found = reference === '' ? [] : [...items.values()].filter((item) => item.id.startsWith(reference));
  if (found.length > 1) throw new TuttiError('invalid-argument', `${kind} ${reference} is ambiguous`);
  const [only] = found;
  if (only === undefined) throw new TuttiError('not-found', `${kind} ${reference} not found`);
  return only;
};

export const emit = (
  state: FakeState,
  type: ClusterEvent['type'],
  action: ClusterEvent['action'],
  object: { readonly id: string; readonly name: string },
): void => {
  state.events.push({ timestamp: state.clock.now(), type, action, ...object, attributes: {} });
  for (const listener of state.listeners) listener();
};
