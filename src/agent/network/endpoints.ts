import type {
  AssignedEndpoint,
  AssignedNetwork,
  AssignedSelf,
  Assignment,
  AssignmentKind,
  AssignmentOf,
} from '../../model/assignment.ts';
import { isTerminal } from '../../model/task.ts';
import type { TaskObservation } from '../../model/task.ts';

export type Assignments = ReadonlyMap<string, Assignment>;
/** The last that was seen of each task of this node. */
export type Observations = ReadonlyMap<string, TaskObservation>;

/** All that the node's networking is worked out from. */
export interface Wanted {
  readonly assignments: Assignments;
  readonly observations: Observations;
}

/** The assignments of one kind. A set is never changed, so it is gone through once, whoever asks and however often. */
export function assigned<Kind extends AssignmentKind>(
  assignments: Assignments,
  kind: Kind,
): readonly AssignmentOf<Kind>[] {
  const kinds = byKind.get(assignments) ?? Map.groupBy(assignments.values(), (item) => item.kind);
  byKind.set(assignments, kinds);
  return (kinds.get(kind) ?? []) as readonly Assignment[] as readonly AssignmentOf<Kind>[];
}

const byKind = new WeakMap<Assignments, ReadonlyMap<AssignmentKind, readonly Assignment[]>>();

export const assignedSelf = (assignments: Assignments): AssignedSelf | undefined => assigned(assignments, 'self')[0];

/** Whether the network has IPv6 on this node. */
export const isDual = (
  { ipv6 }: Pick<AssignedNetwork, 'ipv6'>,
  { overlayAddress6 }: Pick<AssignedSelf, 'overlayAddress6'>,
): boolean => ipv6 !== undefined && overlayAddress6 !== undefined;

/**
 * Whether an endpoint may be given traffic. This node knows its own tasks better than the manager does: what was
 * observed here counts, a successor's state for the task that it follows, unless the task is to stop. Unobserved, the
 * manager's word stands.
 */
export function isReady(
  endpoint: AssignedEndpoint,
  selfId: string | undefined,
  assignments: Assignments,
  observations: Observations,
): boolean {
  if (endpoint.nodeId !== selfId) return endpoint.ready;
  const task = assignments.get(`task:${endpoint.taskId}`);
  if (task?.kind === 'task' && task.desiredState !== 'running' && task.desiredState !== 'complete') return false;
  const seen = new Set<string>();
  let taskId: string = endpoint.taskId;
  let ready = endpoint.ready;
  for (let found = observations.get(taskId); found !== undefined; found = observations.get(taskId)) {
    ready = found.ready;
    if (found.successor === undefined || seen.has(found.successor)) break;
    seen.add(found.successor);
    taskId = found.successor;
    if (!observations.has(taskId)) return false;
  }
  return ready;
}

/** The endpoints with this node's own knowledge applied; an unchanged one is the same object as the last time. */
export function liveEndpoints(assignments: Assignments, observations: Observations): AssignedEndpoint[] {
  const self = assignedSelf(assignments)?.id;
  return assigned(assignments, 'endpoint').map((endpoint) => {
    const ready = isReady(endpoint, self, assignments, observations);
    return ready === endpoint.ready ? endpoint : contradicted(endpoint);
  });
}

/** The same with the other word on whether it is ready; each time the same object. */
export function contradicted(endpoint: AssignedEndpoint): AssignedEndpoint {
  const known = contradictions.get(endpoint);
  if (known !== undefined) return known;
  const made = { ...endpoint, ready: !endpoint.ready };
  contradictions.set(endpoint, made);
  return made;
}

const contradictions = new WeakMap<AssignedEndpoint, AssignedEndpoint>();

/** Drops what is known of tasks that ended and that no assigned task leads to. */
export function pruned(observations: Observations, assignments: Assignments): Map<string, TaskObservation> {
  const kept = new Map<string, TaskObservation>();
  const follow = (taskId: string): void => {
    const found = observations.get(taskId);
    if (found === undefined || kept.has(taskId)) return;
    kept.set(taskId, found);
    if (found.successor !== undefined) follow(found.successor);
  };
  for (const { id } of assigned(assignments, 'task')) follow(id);
  for (const { taskId } of observations.size === 0 ? [] : assigned(assignments, 'endpoint')) follow(taskId);
  for (const [taskId, found] of observations) if (!isTerminal(found.state)) kept.set(taskId, found);
  return kept;
}
