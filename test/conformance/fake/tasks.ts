import type { NodeId, TaskId } from '../../../src/model/ids.ts';
import type { Service } from '../../../src/model/service.ts';
import type { Task } from '../../../src/model/task.ts';
import type { FakeState } from './state.ts';
import { stamp } from './state.ts';

/** Makes a service's tasks what its specification says, at once: running, on active nodes in turn. */
export const settle = (state: FakeState, service: Service): void => {
  const nodes = [...state.nodes.values()].filter((node) => node.spec.availability === 'active');
  const own = [...state.tasks.values()].filter((task) => task.serviceId === service.id);
  const alive = own.filter((task) => task.desiredState === 'running');
  const wanted = wantedSlots(service, nodes.length);
  const current = alive.filter((task) => task.specVersion === service.specVersion).slice(0, wanted);
  for (const task of alive) if (!current.includes(task)) stop(state, task);
  const slots = new Set(current.map((task) => task.slot));
  for (let slot = 1; slot <= wanted; slot += 1) {
    const node = nodes[(slot - 1) % Math.max(nodes.length, 1)];
    if (node !== undefined && !slots.has(slot)) start(state, service, slot, node.id);
  }
};

const wantedSlots = ({ spec: { mode } }: Service, nodes: number): number => {
  switch (mode.kind) {
    case 'replicated':
      return mode.replicas;
    case 'replicated-job':
      return mode.totalCompletions ?? mode.maxConcurrent ?? 1;
    case 'global':
    case 'global-job':
      return nodes;
  }
};

const start = (state: FakeState, service: Service, slot: number, nodeId: NodeId): void => {
  const id = state.random.id() as TaskId;
  const isJob = service.spec.mode.kind.endsWith('-job');
  const isGlobal = service.spec.mode.kind.startsWith('global');
  state.tasks.set(id, {
    id,
    ...stamp(state),
    serviceId: service.id,
    serviceName: service.spec.name,
    ...(isGlobal ? {} : { slot }),
    nodeId,
    spec: service.spec.task,
    specVersion: service.specVersion,
    desiredState: isJob ? 'complete' : 'running',
    ...(service.spec.labels === undefined ? {} : { serviceLabels: service.spec.labels }),
    addresses: (service.spec.task.networks ?? []).flatMap(({ networkId }) =>
      state.networks.get(networkId)?.subnet === undefined ? [] : [{ networkId, address: `10.128.16.${slot + 1}` }],
    ),
  });
  state.taskStatus.set(id, {
    taskId: id,
    state: isJob ? 'complete' : 'running',
    timestamp: state.clock.now(),
    message: 'started',
    ready: !isJob,
    nodeId,
    containers: [{ name: 'main', containerId: `${id}container`, pid: 4242, ...(isJob ? { exitCode: 0 } : {}) }],
  });
};

export const stop = (state: FakeState, task: Task): void => {
  state.tasks.set(task.id, { ...task, desiredState: 'shutdown' });
  const status = state.taskStatus.get(task.id);
  if (status === undefined) return;
  state.taskStatus.set(task.id, { ...status, state: 'shutdown', timestamp: state.clock.now(), ready: false });
};
