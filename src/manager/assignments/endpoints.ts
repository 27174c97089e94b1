import type { FindNetwork } from '../../core/assign/address6.ts';
import type { AssignedEndpoint } from '../../model/assignment.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { View } from '../../store/store.ts';
import type { Delivery } from './delivery.ts';
import { sameEndpoint } from './same.ts';

/** Tells the networks where something is now, and where it no longer is. */
export const replaceEndpoints = (
  delivery: Delivery,
  before: readonly AssignedEndpoint[] = [],
  after: readonly AssignedEndpoint[] = [],
): void => {
  const kept = new Set(after.map(assignmentKey));
  for (const endpoint of before) {
    if (!kept.has(assignmentKey(endpoint))) delivery.network(endpoint.networkId).remove(assignmentKey(endpoint));
  }
  for (const endpoint of after) {
    const group = delivery.network(endpoint.networkId);
    const known = group.items.get(assignmentKey(endpoint));
    if (known?.kind !== 'endpoint' || !sameEndpoint(known, endpoint)) group.put(endpoint);
  }
};

/** The networks of what has IPv6 addresses on a node: nothing has where the node has none. */
export const networksWithIpv6On = (view: View, nodeId: string): FindNetwork | undefined =>
  view.get('node', nodeId)?.description?.ipv6 === true ? (id) => view.get('network', id) : undefined;
