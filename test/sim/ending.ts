import { isPlaced } from '../../src/core/task/known.ts';
import type { Service } from '../../src/model/service.ts';
import { isTerminal } from '../../src/model/task.ts';
import type { Task, TaskStatus } from '../../src/model/task.ts';
import type { Store } from '../../src/store/store.ts';
import type { SimNode } from './node.ts';
import { isJob } from '../../src/model/service.ts';
import { isRestless } from './workload.ts';

interface Seen {
  readonly store: Store;
  readonly nodes: readonly SimNode[];
  /** Tasks that some engine runs a container of. */
  readonly running: ReadonlySet<string>;
  /** Nodes that take tasks. */
  readonly active: readonly string[];
}

const look = (store: Store, nodes: readonly SimNode[]): Seen => {
  const running = new Set<string>();
  for (const { engine } of nodes)
    for (const { state, body } of engine.containers.values())
      if (state === 'running') running.add(body.Labels?.['tutti.task'] ?? '');
  const active = [...store.view.list('node')]
    .filter(({ id, spec }) => spec.availability === 'active' && store.view.get('nodeStatus', id)?.state === 'ready')
    .map(({ id }) => id);
  return { store, nodes, running, active };
};

const statusOf = (store: Store, task: Task): TaskStatus | undefined =>
  task.finalStatus ?? store.view.get('taskStatus', task.id);

/** What is missing until every service has what it asks for, and the engines and agents agree; empty when nothing is. */
export function shortfall(store: Store | undefined, nodes: readonly SimNode[]): string {
  if (store === undefined) return 'no manager';
  const seen = look(store, nodes);
  for (const node of nodes) {
    // One that was removed a moment ago has its status still; it is to join again.
    const isMember = store.view.get('node', node.id()) !== undefined;
    if (!isMember || store.view.get('nodeStatus', node.id())?.state !== 'ready') return `${node.name} is not ready`;
  }
  for (const service of store.view.list('service')) {
    const missing = serviceShortfall(service, seen);
    if (missing !== '') return `${missing}; ${describeTasks(store, service)}`;
  }
  return leavingOf(seen) || straysOf(seen) || endpointShortfall(seen);
}

/** A task that is not wanted any more and has not ended. */
function leavingOf({ store }: Seen): string {
  for (const task of store.view.list('task')) {
    const ended = isTerminal(statusOf(store, task)?.state ?? 'new');
    const removed = task.desiredState === 'remove' || store.view.get('service', task.serviceId) === undefined;
    if (removed || (task.desiredState === 'shutdown' && !ended)) return `task ${task.id} is still being stopped`;
  }
  return '';
}

/** True where some task waits for room or for another service, or an update is paused: then what comes is not to be told. */
export const isWaiting = (store: Store): boolean =>
  [...store.view.list('task')].some((task) => task.nodeId === undefined || isHeldUp(task, store)) ||
  [...store.view.list('service')].some(isPaused);

function serviceShortfall(service: Service, seen: Seen): string {
  const { store } = seen;
  const { name, mode } = service.spec;
  const tasks = store.view.find('task', 'service', service.id);
  const wanted = tasks.filter(({ desiredState }) => desiredState === 'running' || desiredState === 'complete');
  const up = wanted.filter((task) => store.view.get('taskStatus', task.id)?.state === 'running');
  for (const task of up) {
    if (isTerminal(statusOf(store, task)?.state ?? 'new')) continue;
    if (!seen.running.has(task.id) && !isRestless(service.spec) && !isJob(service.spec))
      return `${task.id} of ${name} is said to run, but no engine has it`;
  }
  const most = mode.kind === 'replicated' ? mode.replicas : Number.POSITIVE_INFINITY;
  if (up.length > most && !isUpdating(service)) return `${name} has ${up.length} of ${most}`;
  if (isRestless(service.spec) || mayBeRestless(service) || isPaused(service)) return '';
  // An update waits for room as everything does.
  if (isUpdating(service) && !tasks.some((task) => isHeldUp(task, store)))
    return `${name} is still ${service.updateStatus?.state}`;
  return placesShortfall(service, wanted, seen);
}

const isPaused = ({ updateStatus }: Service): boolean => updateStatus?.state.endsWith('paused') === true;
const isUpdating = ({ updateStatus }: Service): boolean =>
  updateStatus?.state === 'updating' || updateStatus?.state === 'rollback_started';
/** Some tasks may be left of the version before. */
const mayBeRestless = ({ previousSpec, updateStatus }: Service): boolean =>
  updateStatus !== undefined &&
  updateStatus.state !== 'completed' &&
  previousSpec !== undefined &&
  isRestless(previousSpec);

/** Each place has a task of the current version that runs (or is complete), or says why not. */
function placesShortfall(service: Service, wanted: readonly Task[], { store, active }: Seen): string {
  const { name, mode } = service.spec;
  const settled = wanted.filter((task) => {
    if (isSettled(service, task, statusOf(store, task)))
      return isUpdating(service) || task.specVersion === service.specVersion;
    // An update that waits for room at one place has not come to the others, which may have any version before.
    return isHeldUp(task, store) || (isUpdating(service) && isRestless({ ...service.spec, task: task.spec }));
  });
  const places = new Set(settled.map(({ slot }) => slot)).size;
  switch (mode.kind) {
    case 'replicated':
      if (active.length > 0 && places !== mode.replicas) return `${name} has ${places} of ${mode.replicas}`;
      return '';
    case 'replicated-job': {
      const total = mode.totalCompletions ?? mode.maxConcurrent ?? 1;
      if (active.length > 0 && settled.length < Math.min(total, mode.maxConcurrent ?? total))
        return `${name} has ${settled.length} of ${total} completed`;
      return '';
    }
    case 'global':
    case 'global-job': {
      const missing = active.find((id) => !settled.some(({ nodeId }) => nodeId === id));
      return missing === undefined ? '' : `${name} lacks its task on ${missing}`;
    }
  }
}

/** For want of room, or of a network or secret that only an older version still asks for, or by its dependencies. */
const isHeldUp = (task: Task, store: Store): boolean => {
  const message = store.view.get('taskStatus', task.id)?.message ?? '';
  return (
    task.waitingFor !== undefined ||
    /^no suitable node|no free address|does not exist$|^waiting for the manager/.test(message)
  );
};

const isSettled = ({ spec }: Service, task: Task, status: TaskStatus | undefined): boolean => {
  if (isJob(spec)) return status?.state === 'complete';
  return task.desiredState === 'running' && status?.state === 'running' && status.ready;
};

/** Containers that run though no row wants them. */
function straysOf({ store, running }: Seen): string {
  for (const id of running) {
    const task = store.view.get('task', id as never);
    const ended = task !== undefined && isTerminal(statusOf(store, task)?.state ?? 'new');
    if (ended) return `task ${id} runs, though it has ended`;
    if (task !== undefined && task.desiredState !== 'shutdown' && task.desiredState !== 'remove') continue;
    // One that an agent has just started in place of another is adopted in a moment.
    return `task ${id} runs, but ${task === undefined ? 'has no row' : `is to be ${task.desiredState}`}`;
  }
  return '';
}

/** Every node is told the same of every network, and what it is told to send traffic to runs. */
function endpointShortfall({ store, nodes, running }: Seen): string {
  for (const node of nodes) {
    const assignments = node.assignments();
    for (const item of assignments.values()) {
      if (item.kind !== 'endpoint') continue;
      if (item.ready && !running.has(item.taskId))
        return `${node.name} sends traffic to ${item.taskId}, which does not run`;
    }
    for (const task of store.view.find('task', 'node', node.id()))
      if (isPlaced(task) && !assignments.has(`task:${task.id}`)) return `${node.name} was not told of ${task.id}`;
    for (const task of store.view.list('task')) {
      const status = store.view.get('taskStatus', task.id);
      if (task.desiredState !== 'running' || status?.ready !== true || status.state !== 'running') continue;
      for (const { networkId } of task.addresses ?? []) {
        if (!assignments.has(`network:${networkId}`)) continue;
        const item = assignments.get(`endpoint:${networkId}/${task.id}`);
        if (item?.kind !== 'endpoint' || !item.ready)
          return `${node.name} sends no traffic to ${task.id}, which is ready`;
      }
    }
  }
  return '';
}

const describeTasks = (store: Store, { id }: Service): string =>
  store.view
    .find('task', 'service', id)
    .map((task) => {
      const status = statusOf(store, task);
      return `${task.id}/${task.slot ?? 'node'} on ${task.nodeId} v${task.specVersion} wants ${task.desiredState} is ${status?.state} (${status?.message})`;
    })
    .join('; ');

/** What is there that should not be once everything is removed; empty when nothing is. */
export function leftBehind(store: Store | undefined, nodes: readonly SimNode[]): string {
  if (store === undefined) return 'no manager';
  const parts: string[] = [];
  for (const table of ['service', 'task', 'taskStatus', 'secret'] as const) {
    const rows = [...store.view.list(table)];
    if (rows.length > 0)
      parts.push(
        `${rows.length} rows of ${table}: ${rows
          .slice(0, 3)
          .map((row) => JSON.stringify(row).slice(0, 400))
          .join(' ')}`,
      );
  }
  const networks = [...store.view.list('network')].filter(
    ({ spec }) => spec.driver === 'overlay' && spec.ingress !== true,
  );
  if (networks.length > 0) parts.push(`networks ${networks.map(({ spec }) => spec.name).join(' ')}`);
  for (const node of nodes) {
    const containers = [...node.engine.containers.values()].map(({ name, state }) => `${name} ${state}`);
    if (containers.length > 0) parts.push(`containers on ${node.name}: ${containers.join(' ')}`);
    const kept = node.leftovers();
    if (kept.length > 0) parts.push(`${node.name} keeps ${kept.slice(0, 5).join(', ')}`);
    const told = [...node.assignments().keys()].filter((key) => /^(task|endpoint|publish|secret)/.test(key));
    if (told.length > 0) parts.push(`${node.name} is told of ${told.slice(0, 5).join(', ')}`);
  }
  return parts.join('; ');
}
