import type { NodeId, ServiceId, TaskId } from '../../model/ids.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import type { Placement as PlacementSpec, PublishedPort, TaskSpec } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import type { GenericResource, Resources } from '../../model/container.ts';
import type { Decision } from './decision.ts';
import { schedule } from './schedule.ts';
import type { ScheduleInput } from './schedule.ts';

/** Rows for tests: everything that a test does not care about has a plain value. */
const stored = <Id extends string>(id: Id) => ({ id, version: 1, createdAt: 1, updatedAt: 1 });

export interface NodeWish {
  readonly labels?: Readonly<Record<string, string>>;
  readonly engineLabels?: Readonly<Record<string, string>>;
  readonly cpus?: number;
  readonly memory?: number;
  readonly generic?: readonly GenericResource[];
  readonly availability?: Node['spec']['availability'];
  readonly state?: NodeStatus['state'];
  readonly role?: Node['spec']['role'];
  readonly architecture?: string;
  readonly address?: string;
  readonly plugins?: readonly { readonly type: string; readonly name: string }[];
  readonly apiVersion?: string;
}

export interface TestNode {
  readonly node: Node;
  readonly status: NodeStatus;
}

/** A node with 4 processors and 1,000 bytes of memory, ready, unless the wish says otherwise. */
export const aNode = (id: string, wish: NodeWish = {}): TestNode => ({
  node: {
    ...stored(id as NodeId),
    spec: {
      role: wish.role ?? 'worker',
      availability: wish.availability ?? 'active',
      ...(wish.labels === undefined ? {} : { labels: wish.labels }),
    },
    description: {
      hostname: `host-${id}`,
      platform: { os: 'linux', architecture: wish.architecture ?? 'x86_64' },
      resources: {
        nanoCpus: (wish.cpus ?? 4) * 1e9,
        memoryBytes: wish.memory ?? 1_000,
        ...(wish.generic === undefined ? {} : { generic: wish.generic }),
      },
      engine: {
        version: '28.2.2',
        ...(wish.engineLabels === undefined ? {} : { labels: wish.engineLabels }),
        ...(wish.plugins === undefined ? {} : { plugins: wish.plugins }),
        ...(wish.apiVersion === undefined ? {} : { apiVersion: wish.apiVersion }),
      },
      address: wish.address ?? '10.0.0.1',
      agentVersion: '0.1.0',
    },
  },
  status: { nodeId: id as NodeId, state: wish.state ?? 'ready', message: '', since: 1 },
});

export interface SpecWish {
  readonly reserve?: NonNullable<Resources['reservations']>;
  readonly placement?: PlacementSpec;
  /** Taken on the task's own node. */
  readonly hostPorts?: readonly PublishedPort[];
}

export const aSpec = ({ reserve, placement }: Omit<SpecWish, 'hostPorts'> = {}): TaskSpec => ({
  containers: [
    { name: 'main', image: 'web', ...(reserve === undefined ? {} : { resources: { reservations: reserve } }) },
  ],
  ...(placement === undefined ? {} : { placement }),
});

/** A task of `service` that waits to be placed. */
export const aTask = (service: string, slot: number, over: Partial<Task> = {}): Task => ({
  ...stored(`${service}.${slot}` as TaskId),
  serviceId: service as ServiceId,
  serviceName: service,
  slot,
  spec: aSpec(),
  specVersion: 1,
  desiredState: 'running',
  addresses: [],
  ...over,
});

export const tasksOf = (service: string, count: number, wish: SpecWish = {}): Task[] => {
  const { hostPorts } = wish;
  const same = { spec: aSpec(wish), ...(hostPorts === undefined ? {} : { hostPorts }) };
  return Array.from({ length: count }, (_, index) => aTask(service, index + 1, same));
};

/** Schedules rows with plain settings: spread, at time 0, always the first of what is random. */
export const place = (
  nodes: readonly TestNode[],
  tasks: readonly Task[],
  over: Partial<ScheduleInput> = {},
): Decision & { readonly where: Readonly<Record<string, string>> } => {
  const decision = schedule({
    nodes,
    tasks: tasks.map((task) => ({ task })),
    strategy: 'spread',
    now: 0,
    random: () => 0,
    ...over,
  });
  return { ...decision, where: Object.fromEntries(decision.placements.map(({ task, nodeId }) => [task.id, nodeId])) };
};

/** How many placements each node got. */
export const counts = ({ placements }: Decision): Readonly<Record<string, number>> => {
  const result: Record<string, number> = {};
  for (const { nodeId } of placements) result[nodeId] = (result[nodeId] ?? 0) + 1;
  return result;
};
