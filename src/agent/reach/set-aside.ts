import type { AssignedEndpoint } from '../../model/assignment.ts';
import { assignmentKey } from '../../model/protocol.ts';
import { assigned, contradicted } from '../network/endpoints.ts';
import type { Assignments } from '../network/endpoints.ts';

/**
 * The assignments as this node acts on them: a service's tasks on nodes that it does not reach are not given anything while it
 * reaches another one, and tasks whose node the manager has given up are, where there is nothing else and this node
 * does reach them. So no service is left without tasks by a doubt. What does not change is the same object.
 */
export function setAside(assignments: Assignments, unreachable: ReadonlySet<string>): Assignments {
  const endpoints = assigned(assignments, 'endpoint');
  const spares = endpoints.filter((item) => isSpare(item, unreachable));
  if (spares.length === 0) return assignments;
  const doubtful = new Set(spares.map(groupOf));
  const served = new Set<string>();
  for (const item of endpoints) {
    if (!item.ready || unreachable.has(item.nodeId)) continue;
    const group = groupOf(item);
    if (doubtful.has(group)) served.add(group);
  }
  const acted = new Map(assignments);
  for (const item of spares) {
    if (item.ready === served.has(groupOf(item))) acted.set(assignmentKey(item), contradicted(item));
  }
  return acted;
}

/** To be used for want of better ones. A container that is no service's has none beside it. */
const isSpare = ({ serviceId, nodeId, ready, lost }: AssignedEndpoint, unreachable: ReadonlySet<string>): boolean =>
  serviceId !== undefined && (ready ? unreachable.has(nodeId) : lost === true && !unreachable.has(nodeId));

const groupOf = ({ networkId, serviceId }: AssignedEndpoint): string => `${networkId}/${serviceId}`;
