import type {
  AssignedEndpoint,
  AssignedNetwork,
  AssignedPeer,
  AssignedPublish,
  AssignedSelf,
  AssignedTask,
  AssignedVip,
  Assignment,
} from '../../src/model/assignment.ts';
import { assignment } from '../../src/model/assignment.ts';
import { assignmentKey } from '../../src/model/protocol.ts';

/** Builders of assignments: each gives a valid one, with the given fields changed. */
const build =
  <Kind extends Assignment>(defaults: object) =>
  (changes: Partial<Record<keyof Kind, unknown>> = {}): Kind =>
    assignment.parse({ ...defaults, ...changes }) as Kind;

export const aSelf = build<AssignedSelf>({
  kind: 'self',
  id: 'node1',
  name: 'one',
  clusterId: 'cluster',
  address: '192.0.2.1',
  overlayAddress: '100.127.0.1',
  overlayMac: '02:00:00:00:00:01',
  overlayMtu: 1450,
  taskHistoryLimit: 5,
});

export const aPeer = build<AssignedPeer>({
  kind: 'peer',
  id: 'node2',
  name: 'two',
  address: '192.0.2.2',
  overlayAddress: '100.127.0.2',
  overlayMac: '02:00:00:00:00:02',
});

export const aNetwork = build<AssignedNetwork>({
  kind: 'network',
  id: 'front0000',
  name: 'front',
  subnet: '10.128.0.0/24',
  gateway: '10.128.0.1',
  internal: false,
  ingress: false,
});

export const anEndpoint = build<AssignedEndpoint>({
  kind: 'endpoint',
  id: 'front0000/task1',
  networkId: 'front0000',
  taskId: 'task1',
  nodeId: 'node1',
  serviceId: 'service1',
  address: '10.128.0.10',
  names: ['web'],
  taskNames: ['web.1', 'web.1.task1'],
  ready: true,
});

export const aVip = build<AssignedVip>({
  kind: 'vip',
  id: 'front0000/service1',
  networkId: 'front0000',
  serviceId: 'service1',
  address: '10.128.0.2',
  names: ['web'],
});

export const aPublish = build<AssignedPublish>({
  kind: 'publish',
  id: 'tcp/8080',
  protocol: 'tcp',
  published: 8080,
  target: 80,
  serviceId: 'service1',
  serviceName: 'web',
  networkId: 'front0000',
});

export const aTask = build<AssignedTask>({
  kind: 'task',
  id: 'task1',
  serviceId: 'service1',
  serviceName: 'web',
  spec: { containers: [{ name: 'main', image: 'web' }] },
  desiredState: 'running',
  addresses: [{ networkId: 'front0000', address: '10.128.0.10' }],
});

/** The set as an agent has it. */
export const setOf = (...items: readonly Assignment[]): ReadonlyMap<string, Assignment> =>
  new Map(items.map((item) => [assignmentKey(item), item]));
