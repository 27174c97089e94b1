import type { AssignedEndpoint, AssignedPeer, AssignedSelf } from '../../../model/assignment.ts';
import type { VirtualService } from '../balance.ts';
import type { Paths } from '../kernel-state.ts';
import { steerIndex } from '../names.ts';

export interface PathInputs {
  readonly self: AssignedSelf;
  readonly peers: readonly AssignedPeer[];
  /** Node → its end of the overlay, in the family that the paths are of, as all addresses are. */
  readonly ends: ReadonlyMap<string, string>;
  readonly endpoints: readonly AssignedEndpoint[];
  readonly services: readonly VirtualService[];
  /** Ports are published: replies may have to go back by the node that they came in by. */
  readonly isSteered: boolean;
}

/** What leads to the other nodes and back, of one family. */
export function paths({ self, peers, ends, endpoints, services, isSteered }: PathInputs): Paths {
  const end = ({ id }: AssignedPeer): string => ends.get(id) ?? '';
  const routes = new Map(peers.map((peer) => [end(peer), '']));
  for (const endpoint of holders(endpoints).values()) {
    const via = endpoint.nodeId === self.id ? undefined : ends.get(endpoint.nodeId);
    if (via !== undefined) routes.set(endpoint.address, via);
  }
  // Nothing goes there: what is not translated is refused before. Led back by the bridge that it came from, it would cost
  // a redirect, and that the refusal: the kernel tells one host only so much at a time.
  for (const { address } of services) routes.set(address, '');
  return {
    neighbours: new Map(peers.map((peer) => [end(peer), peer.overlayMac.toLowerCase()])),
    routes,
    returns: new Map(peers.map((peer) => [steerIndex(peer.overlayAddress), end(peer)])),
    // With any rule of its own a machine asks for the way back of each packet that it takes: 2 % of what a stream costs.
    rules: new Set(
      isSteered ? [localRule, skipRule, endRule, ...peers.map((peer) => steerIndex(peer.overlayAddress))] : [],
    ),
  };
}

/** Stand-ins for the three fixed rules among the node indexes. */
export const skipRule = -1;
export const endRule = -2;
export const localRule = -3;

/** Who holds an address: while a task moves two may claim it for a moment, and the ready one has it. */
function holders(endpoints: readonly AssignedEndpoint[]): Map<string, AssignedEndpoint> {
  const found = new Map<string, AssignedEndpoint>();
  for (const endpoint of endpoints) {
    const other = found.get(endpoint.address);
    if (other === undefined || (endpoint.ready && !other.ready)) found.set(endpoint.address, endpoint);
  }
  return found;
}
