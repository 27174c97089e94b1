import type { NodeId } from '../../model/ids.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import type { Service } from '../../model/service.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task, TaskStatus } from '../../model/task.ts';

/**
 * What is observed of a task that has no row: one that an agent started by itself, on `nodeId` where that is known. Of a
 * node that was not heard of since the manager began it is taken to live.
 */
export type Observed = (taskId: string, nodeId?: NodeId) => TaskStatus | undefined;

/** A task with what is known of it. */
export interface KnownTask {
  readonly task: Task;
  readonly status: TaskStatus;
  /** Since when, by the manager's clock, it has been seen running and ready without a pause. */
  readonly runningSince?: number;
}

/**
 * What a node is good for. `active` takes tasks; `paused` and `silent` keep what they have (`silent`: not heard of for a
 * moment, or not yet); `drained` must be emptied; nothing runs on `down` and `gone` as far as anyone can tell.
 */
export type Standing = 'active' | 'paused' | 'silent' | 'drained' | 'down' | 'gone';

/** All that a decision about one service looks at. */
export interface ServiceState {
  readonly service: Service;
  /** All rows of the service, in no order. */
  readonly tasks: readonly KnownTask[];
  readonly standing: (nodeId: string) => Standing;
  /** Whether the node still meets the constraints of the task's placement. */
  readonly allowed: (nodeId: string, task: Task) => boolean;
  /** Observations that have no row yet: tasks that agents started by themselves. */
  readonly observed: Observed;
}

/** A task that has all that a node needs to run it: a node and its addresses. */
export type PlacedTask = Task & Required<Pick<Task, 'nodeId' | 'addresses'>>;

/**
 * A task without a slot comes with its node: it is placed once the scheduler has agreed, which it does by handing over
 * generic resources, be it none.
 */
export const isPlaced = (task: Task): task is PlacedTask =>
  task.nodeId !== undefined &&
  task.addresses !== undefined &&
  (task.slot !== undefined || task.genericResources !== undefined);

export const standingOf = (node: Node | undefined, status: NodeStatus | undefined): Standing => {
  if (node === undefined) return 'gone';
  if (status?.state === 'down') return 'down';
  if (node.spec.availability === 'drain') return 'drained';
  if (status?.state !== 'ready') return 'silent';
  return node.spec.availability === 'pause' ? 'paused' : 'active';
};

/** The end made durable, else what was observed, else what the row itself says. */
export const knownStatus = (task: Task, observed: TaskStatus | undefined): TaskStatus =>
  task.finalStatus ?? observed ?? unobserved(task);

const unobservedStatuses = new WeakMap<Task, TaskStatus>();

/** Made once for each row: a status that is the same object has not changed. */
const unobserved = (task: Task): TaskStatus => {
  const known = unobservedStatuses.get(task);
  if (known !== undefined) return known;
  const made = statusOfRow(task);
  unobservedStatuses.set(task, made);
  return made;
};

const statusOfRow = (task: Task): TaskStatus => {
  const base = { taskId: task.id, timestamp: task.createdAt, ready: false, containers: [] };
  if (isPlaced(task)) return { ...base, state: 'assigned', message: '', nodeId: task.nodeId };
  if (task.waitingFor !== undefined) return { ...base, state: 'pending', message: `waiting for ${task.waitingFor}` };
  return { ...base, state: 'new', message: '' };
};

/** Wanted: it holds its slot, be it running, on its way there, or ended for good. */
export const isWanted = (task: Task): boolean => task.desiredState !== 'shutdown' && task.desiredState !== 'remove';

export const hasEnded = (known: KnownTask): boolean => isTerminal(known.status.state);

export const isRunning = (known: KnownTask): boolean => known.status.state === 'running';

/** Running and fit for traffic: what an update waits for. */
export const isReady = (known: KnownTask): boolean => isRunning(known) && known.status.ready;

/** Where a task belongs: its slot, or its node for services with one task per node. */
export const placeOf = (task: Task): string => (task.slot === undefined ? `node ${task.nodeId ?? ''}` : `${task.slot}`);

/**
 * Whether nothing of the task can be running any more, or nobody can tell: it ended and no agent goes on with a
 * successor, no node was ever told of it, or its node is down or gone.
 */
export const isOutOfTheWay = (known: KnownTask, state: Pick<ServiceState, 'standing' | 'observed'>): boolean => {
  const { task, status } = known;
  if (!isPlaced(task)) return true;
  const standing = state.standing(task.nodeId);
  if (standing === 'down' || standing === 'gone') return true;
  return isTerminal(status.state) && !hasLiveSuccessor(status, state.observed);
};

/** Whether an agent goes on with a task that took this one's place, as far as it has been told. */
export const hasLiveSuccessor = (status: TaskStatus, observed: Observed): boolean => {
  const seen = new Set<string>();
  let next = status.successor;
  while (next !== undefined && !seen.has(next)) {
    seen.add(next);
    const successor = observed(next, status.nodeId);
    if (successor === undefined) return false;
    if (!isTerminal(successor.state)) return true;
    next = successor.successor;
  }
  return false;
};
