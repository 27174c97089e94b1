import type { AssignedEndpoint } from '../../model/assignment.ts';
import { contradicted } from '../network/endpoints.ts';
import type { Assignments } from '../network/endpoints.ts';

/**
 * The assignments as this node acts on them: a service's tasks on nodes that it does not reach are not given anything while it
 * reaches another one, and tasks whose node the manager has given up are, where there is nothing else and this node
 * does reach them. So no service is left without tasks by a doubt. What does not change is the same object.
 */
export function setAside(assignments: Assignments, unreachable: ReadonlySet<string>): Assignments {
  const doubtful = new Set<string>();
  for (const item of assignments.values()) {
    if (item.kind === 'endpoint' && isSpare(item, unreachable)) doubtful.add(groupOf(item));
  }
  if (doubtful.size === 0) return assignments;
  const served = new Set<string>();
  for (const item of assignments.values()) {
    if (item.kind !== 'endpoint' || !item.ready || unreachable.has(item.nodeId)) continue;
    const group = groupOf(item);
    if (doubtful.has(group)) served.add(group);
  }
  const acted = new Map(assignments);
  for (const [key, item] of assignments) {
    if (item.kind !== 'endpoint' || !isSpare(item, unreachable)) continue;
    if (item.ready === served.has(groupOf(item))) acted.set(key, contradicted(item));
  }
  return acted;
}

/** To be used for want of better ones. A container that is no service's has none beside it. */
const isSpare = ({ serviceId, nodeId, ready, lost }: AssignedEndpoint, unreachable: ReadonlySet<string>): boolean =>
  serviceId !== undefined && (ready ? unreachable.has(nodeId) : lost === true && !unreachable.has(nodeId));

const groupOf = ({ networkId, serviceId }: AssignedEndpoint): string => `${networkId}/${serviceId}`;
