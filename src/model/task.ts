import * as z from 'zod';
import type { GenericResource } from './container.ts';
import { taskId } from './ids.ts';
import type { NetworkId, NodeId, ServiceId, TaskId } from './ids.ts';
import type { DeepReadonly, Labels, Stored } from './object.ts';
import type { PublishedPort, TaskSpec } from './service.ts';

/** Swarm's states, in order. A task only moves forward through them (docs/task-model.md). */
export const taskStates = [
  'new',
  'pending',
  'assigned',
  'accepted',
  'preparing',
  'ready',
  'starting',
  'running',
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'remove',
  'orphaned',
] as const;
export const taskState = z.enum(taskStates);
export type TaskState = z.infer<typeof taskState>;

const rank: Readonly<Record<TaskState, number>> = {
  new: 0,
  pending: 1,
  assigned: 2,
  accepted: 3,
  preparing: 4,
  ready: 5,
  starting: 6,
  running: 7,
  complete: 8,
  shutdown: 8,
  failed: 8,
  rejected: 8,
  remove: 9,
  orphaned: 9,
};

/** True where the task will never run again: complete, shutdown, failed, rejected, remove, orphaned. */
export const isTerminal = (state: TaskState): boolean => rank[state] >= rank.complete;

/** True when `to` may follow `from`: strictly later in the order. Terminal states do not replace one another. */
export const movesForward = (from: TaskState, to: TaskState): boolean => rank[to] > rank[from];

/** An address of a task on a network. */
export interface TaskAddress {
  readonly networkId: NetworkId;
  /** IPv4 address without a prefix length. */
  readonly address: string;
  /** An IPv6 address that was asked for. Absent: the one that belongs to `address`, where the network has IPv6. */
  readonly address6?: string;
}

/** What a task should come to. `ready`: prepared but not started (start-first updates hold it there). */
export type DesiredState = 'ready' | 'running' | 'complete' | 'shutdown' | 'remove';

export interface Task extends Stored<TaskId> {
  readonly serviceId: ServiceId;
  readonly serviceName: string;
  /** From 1, for replicated services and jobs; absent for global ones. */
  readonly slot?: number;
  /** The node: set by the scheduler, or from the start for a task of a global service. */
  readonly nodeId?: NodeId;
  readonly spec: TaskSpec;
  /** `specVersion` of the service that it was made from. */
  readonly specVersion: number;
  /** What that version publishes on the task's own node (mode host); absent where that is nothing. */
  readonly hostPorts?: readonly PublishedPort[];
  readonly desiredState: DesiredState;
  /** Names that the service is found by on its networks are derived from these; see core/assign. */
  readonly serviceLabels?: Labels;
  /** Writer: the allocator. Absent until allocated; empty when the task needs no address. */
  readonly addresses?: readonly TaskAddress[];
  /** Generic resources handed to the task. Writer: the scheduler. */
  readonly genericResources?: readonly GenericResource[];
  /** The task that this one replaced in place, when the agent made it. */
  readonly predecessor?: TaskId;
  /** Raised with each replacement in this slot; sets the back-off of a task that keeps failing before it runs. */
  readonly attempt?: number;
  /** Not placed before this moment (milliseconds since the epoch): the back-off of a replacement. */
  readonly notBefore?: number;
  /** Not placed while present: the services that it waits for, in words. Writer: the orchestrator. */
  readonly waitingFor?: string;
  /** The end, made durable when the task is terminal, so that history survives a restart. Writer: the reaper. */
  readonly finalStatus?: TaskStatus;
}

export const containerStatus = z.object({
  /** Name of the container in the pod. */
  name: z.string().max(255),
  containerId: z.string().max(255).optional(),
  pid: z.number().int().optional(),
  exitCode: z.number().int().optional(),
  health: z.enum(['none', 'starting', 'healthy', 'unhealthy']).optional(),
});

/**
 * What an agent says of one task. Soft state: kept in the leader's memory, told again in full when an agent connects.
 */
export const taskObservation = z.object({
  taskId,
  state: taskState,
  /** When the state was entered, by the node's clock, in milliseconds since the epoch. */
  timestamp: z.number(),
  message: z.string().max(4096),
  error: z.string().max(4096).optional(),
  /** True when it may be given traffic: running, healthy where it has a health check, and not about to stop. */
  ready: z.boolean(),
  containers: z.array(containerStatus).max(64),
  /** The task that the agent started in its place, in the same slot with the same addresses. */
  successor: taskId.optional(),
  /** Host ports that the engine chose, for ports published in host mode. */
  hostPorts: z
    .array(z.object({ protocol: z.string(), target: z.number(), published: z.number() }))
    .max(4096)
    .optional(),
});
export type TaskObservation = DeepReadonly<z.infer<typeof taskObservation>>;

/**
 * The status of a task as the leader knows it; before assignment the scheduler writes it, after it the dispatcher.
 * `successor` names the task that the agent started in its place: the orchestrator adopts it (makes its row), or leaves
 * it out of the assignments, which stops it. The dispatcher keeps the status of a successor from the first word of it,
 * so a status row may stand before its task's row does.
 */
export type TaskStatus = TaskObservation & { readonly nodeId?: NodeId };
