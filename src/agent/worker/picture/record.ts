import * as z from 'zod';
import { taskId } from '../../../model/ids.ts';
import { containerStatus, isTerminal, movesForward, taskObservation, taskState } from '../../../model/task.ts';
import type { TaskObservation, TaskState } from '../../../model/task.ts';
import type { DeepReadonly } from '../../../model/object.ts';
import type { ContainerView } from './container-view.ts';

/**
 * What the agent knows of one task besides its specification. It is kept on disk so that history, back-off and the
 * names of successors outlive the agent; what runs is the engine's to say.
 */
export const taskRecord = z.object({
  id: taskId,
  /** First task of the lineage: the one that the manager assigned before any restart in place. */
  root: taskId,
  predecessor: taskId.optional(),
  successor: taskId.optional(),
  /** Tasks of one slot of a service share it. */
  slot: z.string(),
  state: taskState,
  /** When the state was entered, milliseconds since the epoch. */
  since: z.number(),
  message: z.string(),
  error: z.string().optional(),
  /** When each restart of the lineage was decided, oldest first. */
  restarts: z.array(z.number()),
  /** Not started before this moment: the pause before a restart. */
  startAt: z.number(),
  /** A stop has begun; the task gets no traffic any more. */
  stopping: z.enum(['asked', 'unhealthy', 'sibling']).optional(),
  /** Its containers as they were when it ended. */
  ended: z.array(containerStatus).optional(),
  hostPorts: taskObservation.shape.hostPorts,
});
export type TaskRecord = DeepReadonly<z.infer<typeof taskRecord>>;

export interface Transition {
  readonly state: TaskState;
  readonly message: string;
  readonly error?: string | undefined;
}

/** The record of a task that the manager assigned and that has not been touched yet. */
export function newRecord(id: TaskRecord['id'], slot: string, now: number): TaskRecord {
  return { id, root: id, slot, state: 'accepted', since: now, message: 'accepted', restarts: [], startAt: 0 };
}

/** The record of the task that takes the place of one that ended. */
export function successorRecord(ended: TaskRecord, id: TaskRecord['id'], startAt: number, now: number): TaskRecord {
  return {
    ...newRecord(id, ended.slot, now),
    root: ended.root,
    predecessor: ended.id,
    restarts: [...ended.restarts, now].slice(-maxRestartsKept),
    startAt,
  };
}

/** `maxAttempts` above this counts as this. */
const maxRestartsKept = 256;

/** The one place where a task's state changes: only ever forward. A transition that is not forward changes the message. */
export function advance(record: TaskRecord, to: Transition, now: number): TaskRecord {
  if (isTerminal(record.state)) return record;
  const forward = movesForward(record.state, to.state);
  const { error: _, ...rest } = record;
  return {
    ...rest,
    ...(forward ? { state: to.state, since: now } : {}),
    message: to.message,
    ...(to.error === undefined ? {} : { error: to.error }),
  };
}

/** What the manager (and the network of this node) is told of the task. */
export function observationOf(record: TaskRecord, containers: readonly ContainerView[]): TaskObservation {
  return {
    taskId: record.id,
    state: record.state,
    timestamp: record.since,
    message: record.message.slice(0, maxTextLength),
    ...(record.error === undefined ? {} : { error: record.error.slice(0, maxTextLength) }),
    ready: isReady(record, containers),
    containers: record.ended ?? containers.map(statusOf),
    ...(record.successor === undefined ? {} : { successor: record.successor }),
    ...(record.hostPorts === undefined ? {} : { hostPorts: record.hostPorts }),
  };
}

const maxTextLength = 4096;

function isReady(record: TaskRecord, containers: readonly ContainerView[]): boolean {
  return (
    record.state === 'running' &&
    record.stopping === undefined &&
    containers.every(({ health }) => health === 'none' || health === 'healthy')
  );
}

/** A container as an observation shows it. */
export function statusOf(container: ContainerView): DeepReadonly<z.infer<typeof containerStatus>> {
  const { name, id, exitCode, pid, health } = container;
  return {
    name,
    containerId: id,
    health,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(pid === undefined ? {} : { pid }),
  };
}
