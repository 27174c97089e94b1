import type { AssignedEndpoint } from '../../model/assignment.ts';
import type { TaskObservation } from '../../model/task.ts';
import { assigned } from './endpoints.ts';
import type { Assignments } from './endpoints.ts';

/**
 * Whether nothing has changed but that more tasks are ready, of services that had some. Clients are served meanwhile, and
 * while a hundred tasks start each change of the kernel's rules takes time from the next start.
 */
export function areMoreReady(before: Assignments, after: Assignments): boolean {
  if (before.size !== after.size) return false;
  const more: AssignedEndpoint[] = [];
  for (const [key, item] of after) {
    const old = before.get(key);
    if (old === item) continue;
    if (item.kind !== 'endpoint' || old?.kind !== 'endpoint' || !isReadyNow(old, item)) return false;
    more.push(item);
  }
  return haveOthers(more, before);
}

/** The same of what is seen of a task of this node; also where it is seen to be on its way only. */
export function isOneMoreReady(
  assignments: Assignments,
  before: TaskObservation | undefined,
  { taskId, ready, successor }: TaskObservation,
): boolean {
  if (before?.successor !== successor) return false;
  const own = assigned(assignments, 'endpoint').filter((one) => one.taskId === taskId);
  const wasReady = before?.ready ?? own.some((one) => one.ready);
  if (!ready) return !wasReady;
  const task = assignments.get(`task:${taskId}`);
  const hasHostPorts = task?.kind === 'task' && task.hostPorts !== undefined;
  return own.length > 0 && !hasHostPorts && haveOthers(own, assignments);
}

/** Bytes that came by different messages are told apart by their text. */
const isReadyNow = (old: AssignedEndpoint, now: AssignedEndpoint): boolean =>
  !old.ready && now.ready && JSON.stringify({ ...old, ready: true }) === JSON.stringify({ ...now, ready: true });

/** Whether of each one's service another task is ready on its network. */
function haveOthers(endpoints: readonly AssignedEndpoint[], assignments: Assignments): boolean {
  const wanted = new Set(endpoints.map(groupOf));
  if (wanted.has(undefined)) return false;
  const own = new Set(endpoints.map(({ taskId }) => taskId));
  for (const item of assignments.values()) {
    if (wanted.size === 0) break;
    if (item.kind === 'endpoint' && item.ready && !own.has(item.taskId)) wanted.delete(groupOf(item));
  }
  return wanted.size === 0;
}

const groupOf = ({ serviceId, networkId }: AssignedEndpoint): string | undefined =>
  serviceId === undefined ? undefined : `${networkId}/${serviceId}`;
