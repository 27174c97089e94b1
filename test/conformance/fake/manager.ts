import type {
  ClusterEvent,
  LogLine,
  Manager,
  NodeRecord,
  Queries,
  ServiceRecord,
} from '../../../src/manager/manager.ts';
import { TuttiError } from '../../../src/model/errors.ts';
import type { Service } from '../../../src/model/service.ts';
import { stackLabel } from '../../../src/model/stack.ts';
import type { Task } from '../../../src/model/task.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { systemRandomness } from '../../../src/platform/random.ts';
import { createCommands } from './commands.ts';
import type { FakeState } from './state.ts';
import { createState, resolve } from './state.ts';

export interface FakeManager {
  readonly manager: Manager;
  readonly state: FakeState;
  /** Lines that every task has written. */
  readonly lines: LogText[];
}

export interface LogText {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** A manager whose tasks run at once, for tests of the dialects alone. Three nodes, the first one the leader. */
export const createFakeManager = (): FakeManager => {
  const state = createState(systemClock, systemRandomness);
  const lines: LogText[] = [];
  const queries = createQueries(state);
  return {
    state,
    lines,
    manager: {
      commands: createCommands(state),
      queries,
      events: { stream: (options) => streamEvents(state, options) },
      logs: {
        service: (reference, options) =>
          linesOf(
            queries.tasksOf({ serviceId: queries.service(reference).service.id }).map(({ task }) => task),
            lines,
            options.timestamps,
          ),
        task: (reference, options) => linesOf([queries.task(reference).task], lines, options.timestamps),
      },
    },
  };
};

async function* linesOf(
  tasks: readonly Task[],
  lines: readonly LogText[],
  timestamps: boolean,
): AsyncGenerator<LogLine> {
  for (const task of tasks) {
    for (const { stream, text } of lines) {
      const line = timestamps ? `2026-01-02T03:04:05.000000006Z ${text}` : text;
      yield { task, stream, data: Buffer.from(`${line}\n`) };
    }
  }
}

async function* streamEvents(
  state: FakeState,
  options: { readonly since?: number; readonly until?: number; readonly signal: AbortSignal },
): AsyncGenerator<ClusterEvent> {
  let next = options.since === undefined ? state.events.length : 0;
  const until = options.until ?? Number.POSITIVE_INFINITY;
  for (;;) {
    for (; next < state.events.length; next += 1) {
      const event = state.events[next];
      if (event !== undefined && event.timestamp >= (options.since ?? 0) && event.timestamp <= until) yield event;
    }
    if (options.signal.aborted || until <= state.clock.now()) return;
    await new Promise<void>((wake) => {
      state.listeners.add(wake);
      options.signal.addEventListener('abort', () => wake(), { once: true });
      if (until !== Number.POSITIVE_INFINITY) state.clock.after(until - state.clock.now() + 1, wake);
    });
  }
}

const createQueries = (state: FakeState): Queries => {
  const byName = (item: { readonly spec: { readonly name: string } }): string => item.spec.name;
  const taskRecord = (task: Task) => {
    const status = state.taskStatus.get(task.id);
    if (status === undefined) throw new TuttiError('internal', `no status of ${task.id}`);
    return { task, status };
  };
  const tasks = () => [...state.tasks.values()].map(taskRecord);
  const serviceRecord = (service: Service): ServiceRecord => {
    const own = tasks().filter(({ task }) => task.serviceId === service.id);
    const wanted = own.filter(({ task }) => task.desiredState === 'running' || task.desiredState === 'complete');
    return {
      service,
      running: own.filter(({ status }) => status.state === 'running').length,
      desired: service.spec.mode.kind === 'replicated' ? service.spec.mode.replicas : wanted.length,
      completed: own.filter(({ status }) => status.state === 'complete').length,
    };
  };
  const nodeRecord = (id: string): NodeRecord => {
    const node = resolve(state.nodes, 'node', id, (item) => item.description?.hostname ?? '');
    const status = state.nodeStatus.get(node.id);
    if (status === undefined) throw new TuttiError('internal', `no status of ${id}`);
    const address = node.managerAddress;
    return { node, status, ...(address === undefined ? {} : { manager: { leader: true, reachable: true, address } }) };
  };
  return {
    cluster: () => state.cluster,
    nodes: () => [...state.nodes.keys()].map(nodeRecord),
    node: nodeRecord,
    services: () => [...state.services.values()].map(serviceRecord),
    service: (reference) => serviceRecord(resolve(state.services, 'service', reference, byName)),
    tasks,
    tasksOf: (scope) =>
      tasks().filter(({ task }) =>
        'serviceId' in scope ? task.serviceId === scope.serviceId : task.nodeId === scope.nodeId,
      ),
    task: (reference) =>
      taskRecord(resolve(state.tasks, 'task', reference, (task) => `${task.serviceName}.${task.slot}`)),
    networks: () => [...state.networks.values()],
    network: (reference) => resolve(state.networks, 'network', reference, byName),
    secrets: () => [...state.secrets.values()],
    secret: (reference) => resolve(state.secrets, 'secret', reference, byName),
    configs: () => [...state.configs.values()],
    config: (reference) => resolve(state.configs, 'config', reference, byName),
    stacks: () => stacksOf(state),
    explain: (reference) => {
      const record = taskRecord(resolve(state.tasks, 'task', reference, (task) => `${task.serviceName}.${task.slot}`));
      return { ...record, summary: `${record.task.serviceName} runs`, refusals: [], history: [] };
    },
  };
};

const stacksOf = (state: FakeState) => {
  const labelOf = (item: { readonly spec: { readonly labels?: Readonly<Record<string, string>> | undefined } }) =>
    item.spec.labels?.[stackLabel];
  const all = [state.services, state.networks, state.secrets, state.configs].map((items) => [...items.values()]);
  const names = new Set(all.flat().flatMap((item) => labelOf(item) ?? []));
  const count = (index: number, name: string): number =>
    (all[index] ?? []).filter((item) => labelOf(item) === name).length;
  return [...names].map((name) => ({
    name,
    services: count(0, name),
    networks: count(1, name),
    secrets: count(2, name),
    configs: count(3, name),
  }));
};
