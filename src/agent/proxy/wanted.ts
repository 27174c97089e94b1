import { proxyBackends } from '../../core/route/backends.ts';
import type { ProxyBackend } from '../../core/route/backends.ts';
import type { AssignedDoor, AssignedRoute } from '../../model/route.ts';
import { assigned, assignedSelf, liveEndpoints } from '../network/endpoints.ts';
import type { Wanted } from '../network/endpoints.ts';

/** What the proxy of this node is to do. */
export interface WantedDoor {
  readonly door: AssignedDoor;
  readonly ipv6: boolean;
  readonly backends: readonly ProxyBackend[];
  /** By the id of their secret. PEM. Secret. */
  readonly certificates: ReadonlyMap<string, string>;
  /** There are certificates that this node is not told of yet: they are on no disk, and an agent that begins has to hear of them. */
  readonly incomplete: boolean;
}

/** `unknown` while the node does not know itself: nothing is torn down for want of news. */
export const wantedDoor = ({ assignments, observations }: Wanted): WantedDoor | 'none' | 'unknown' => {
  const self = assignedSelf(assignments);
  if (self === undefined) return 'unknown';
  const [door] = assigned(assignments, 'door');
  const routes = assigned(assignments, 'route');
  if (door === undefined || routes.length === 0) return 'none';
  const backends = proxyBackends(routes, liveEndpoints(assignments, observations));
  const certificates = certificatesOf(routes, assignments);
  const incomplete = routes.some(
    ({ certificateId }) => certificateId !== undefined && !certificates.has(certificateId),
  );
  return { door, ipv6: self.overlayAddress6 !== undefined, backends, certificates, incomplete };
};

const certificatesOf = (
  routes: readonly AssignedRoute[],
  assignments: Wanted['assignments'],
): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const { certificateId } of routes) {
    const secret = certificateId === undefined ? undefined : assignments.get(`secret:${certificateId}`);
    if (secret?.kind === 'secret') found.set(secret.id, Buffer.from(secret.data, 'base64').toString('utf8'));
  }
  return found;
};
