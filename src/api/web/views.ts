import type { Explanation, LogLine, Manager, NodeRecord, ServiceRecord, TaskRecord } from '../../manager/manager.ts';
import type { PlanAction } from '../../core/plan/plan.ts';
import type { ExplanationView, LogView, NodeView, PlanStep, ServiceView, TaskView } from '../../model/native.ts';
import { nodeName } from '../../model/node.ts';
import { stackLabel } from '../../model/stack.ts';
import type { Task } from '../../model/task.ts';

/** Looks names up once per answer, not once per task. */
export interface Names {
  readonly node: (id: string) => string | undefined;
  readonly network: (id: string) => string | undefined;
}

export const namesOf = ({ queries }: Manager): Names => {
  const nodes = new Map(queries.nodes().map(({ node }) => [node.id as string, nodeName(node)]));
  const networks = new Map(queries.networks().map((network) => [network.id as string, network.spec.name]));
  return { node: (id) => nodes.get(id), network: (id) => networks.get(id) };
};

export const nodeView = (record: NodeRecord, running: number): NodeView => {
  const { node, status } = record;
  const { description } = node;
  return {
    id: node.id,
    name: nodeName(node),
    hostname: description?.hostname ?? '',
    role: node.spec.role,
    availability: node.spec.availability,
    state: status.state,
    message: [status.message, ...missing(description)].filter((text) => text !== '').join('; '),
    since: status.since,
    address: description?.address ?? status.address ?? '',
    leader: record.manager?.leader ?? false,
    engineVersion: description?.engine.version ?? '',
    labels: node.spec.labels ?? {},
    cpus: (description?.resources.nanoCpus ?? 0) / 1e9,
    memoryBytes: description?.resources.memoryBytes ?? 0,
    running,
  };
};

const missing = (description: NodeRecord['node']['description']): readonly string[] =>
  description?.unreachable === undefined ? [] : [`does not reach ${description.unreachable.join(', ')}`];

export const serviceView = (record: ServiceRecord, tasks: readonly TaskRecord[]): ServiceView => {
  const { service } = record;
  const stack = service.spec.labels?.[stackLabel];
  const update = service.updateStatus;
  return {
    id: service.id,
    name: service.spec.name,
    ...(stack === undefined ? {} : { stack }),
    mode: service.spec.mode.kind,
    image: service.spec.task.containers[0]?.image ?? '',
    running: record.running,
    desired: record.desired,
    completed: record.completed,
    updated: tasks.filter((each) => isCurrent(each, service.specVersion)).length,
    ports: service.ports,
    ...(update === undefined ? {} : { update: { state: update.state, message: update.message } }),
    version: service.version,
  };
};

const isCurrent = ({ task, status }: TaskRecord, specVersion: number): boolean =>
  status.state === 'running' && task.desiredState === 'running' && task.specVersion === specVersion;

export const taskName = (task: Task): string => `${task.serviceName}.${task.slot ?? task.nodeId ?? task.id}`;

export const taskView = ({ task, status }: TaskRecord, names: Names): TaskView => {
  const { slot, nodeId } = task;
  const node = nodeId === undefined ? undefined : (names.node(nodeId) ?? nodeId);
  const exitCode = status.containers.find((container) => container.exitCode !== undefined)?.exitCode;
  return {
    id: task.id,
    name: taskName(task),
    service: task.serviceName,
    serviceId: task.serviceId,
    ...(slot === undefined ? {} : { slot }),
    ...(node === undefined ? {} : { node }),
    ...(nodeId === undefined ? {} : { nodeId }),
    image: task.spec.containers[0]?.image ?? '',
    state: status.state,
    desiredState: task.desiredState,
    since: status.timestamp,
    message: status.message,
    ...(status.error === undefined ? {} : { error: status.error }),
    ready: status.ready,
    ...(exitCode === undefined ? {} : { exitCode }),
    addresses: (task.addresses ?? []).map(({ networkId, address }) => ({
      network: names.network(networkId) ?? networkId,
      address,
    })),
  };
};

/** Without the specifications: they hold the data of secrets. */
export const planStep = (action: PlanAction): PlanStep => ({
  kind: action.kind,
  object: action.object,
  name: action.name,
  ...('id' in action ? { id: action.id } : {}),
  ...('changes' in action ? { changes: action.changes } : {}),
});

export const explanationView = (explanation: Explanation, names: Names): ExplanationView => ({
  task: taskView(explanation, names),
  summary: explanation.summary,
  refusals: explanation.refusals,
  history: explanation.history,
});

export const logView = ({ task, stream, data }: LogLine, names: Names): LogView => {
  const node = task.nodeId === undefined ? undefined : names.node(task.nodeId);
  return {
    task: taskName(task),
    taskId: task.id,
    service: task.serviceName,
    ...(node === undefined ? {} : { node }),
    stream,
    text: Buffer.from(data)
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  };
};
