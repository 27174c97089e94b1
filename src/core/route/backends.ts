import type { AssignedEndpoint } from '../../model/assignment.ts';
import type { AssignedRoute } from '../../model/route.ts';
import { taskWeights } from './weights.ts';

/** One task that a route leads to. */
export interface ProxyServer {
  readonly address: string;
  readonly port: number;
  /** 0 to 256; 0: it gets nothing new. */
  readonly weight: number;
}

/** A route with where it leads now. */
export interface ProxyBackend {
  /** What the proxy calls it. */
  readonly name: string;
  readonly route: AssignedRoute;
  /** By address, each once. */
  readonly servers: readonly ProxyServer[];
}

/** Readable in logs and metrics, and no two alike: what the proxy does not take in names becomes `_`. */
export const backendName = (id: string): string =>
  `${id.replace(/[^A-Za-z0-9._:-]/g, '_').slice(0, 100)}:${fingerprint(id)}`;

/** FNV-1a, 32 bits, twice with different beginnings: names that differ in what `backendName` replaces stay apart. */
const fingerprint = (text: string): string => fnv(text, 0x811c9dc5) + fnv(text, 0x01234567);
const fnv = (text: string, start: number): string => {
  let hash = start;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
};

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** What the ready endpoints make of the routes. */
export const proxyBackends = (
  routes: readonly AssignedRoute[],
  endpoints: readonly AssignedEndpoint[],
): readonly ProxyBackend[] => {
  const ready = Map.groupBy(
    endpoints.filter((endpoint) => endpoint.ready && endpoint.serviceId !== undefined),
    ({ serviceId }) => serviceId ?? '',
  );
  return routes
    .map((route) => ({ name: backendName(route.id), route, servers: serversOf(route, ready) }))
    .toSorted((left, right) => compare(left.name, right.name));
};

const serversOf = (
  { action }: AssignedRoute,
  ready: ReadonlyMap<string, readonly AssignedEndpoint[]>,
): readonly ProxyServer[] => {
  if (action.kind !== 'services') return [];
  const parts = action.targets.map(({ serviceId, networkIds, port, weight }) => {
    const addresses = addressesOf(ready.get(serviceId) ?? [], networkIds);
    return { port, weight, addresses, tasks: addresses.length };
  });
  const weights = taskWeights(parts);
  const servers = new Map<string, ProxyServer>();
  for (const [at, { port, addresses }] of parts.entries()) {
    for (const address of addresses) {
      const weight = weights[at] ?? 0;
      servers.set(`${address}:${port}`, { address, port, weight });
    }
  }
  return [...servers.values()].toSorted((left, right) => compare(keyOf(left), keyOf(right)));
};

/** One address of each task: that on the best network which it is on. */
const addressesOf = (endpoints: readonly AssignedEndpoint[], networkIds: readonly string[]): readonly string[] => {
  const best = new Map<string, AssignedEndpoint>();
  for (const networkId of networkIds) {
    for (const endpoint of endpoints) {
      if (endpoint.networkId === networkId && !best.has(endpoint.taskId)) best.set(endpoint.taskId, endpoint);
    }
  }
  return [...best.values()].map(({ address }) => address);
};

/** Of a server among those of one backend. */
export const keyOf = ({ address, port }: Pick<ProxyServer, 'address' | 'port'>): string => `${address}:${port}`;
