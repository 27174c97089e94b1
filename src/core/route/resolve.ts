import { acmeTls } from '../../model/route.ts';
import type { AssignedRoute } from '../../model/route.ts';
import type { NetworkId, ServiceId } from '../../model/ids.ts';
import type { Network } from '../../model/network.ts';
import type { RouteSpec, RouteTarget } from '../../model/route.ts';
import type { Service } from '../../model/service.ts';
import type { MergedRoute } from './merge.ts';

/** What routes refer to. */
export interface RouteWorld {
  /** By id or whole name. */
  readonly service: (reference: string) => Service | undefined;
  readonly network: (reference: string) => Network | undefined;
  /** Id of the secret with the host's certificate that was got by ACME. */
  readonly issued: (host: string) => string | undefined;
  /** Id of the secret of this name. */
  readonly secret: (name: string) => string | undefined;
  /** Id of the network of published ports, once there is one. */
  readonly ingress: NetworkId | undefined;
}

export interface ResolvedRoute {
  readonly assigned: AssignedRoute;
  /** What is missing for it to work as it was meant, for people. */
  readonly problems: readonly string[];
}

/** A route as nodes are told of it. What is missing is left out: the rest of it works. */
export const resolveRoute = ({ name, spec }: MergedRoute, world: RouteWorld): ResolvedRoute => {
  const problems: string[] = [];
  const { options = {} } = spec;
  const certificateId = certificateOf(options.tls, spec.match.host, world);
  if (options.tls === acmeTls && certificateId === undefined) {
    problems.push('its certificate has not been issued yet');
  } else if (options.tls !== undefined && certificateId === undefined) {
    problems.push(`there is no secret ${options.tls} with a certificate`);
  }
  const assigned: AssignedRoute = {
    kind: 'route',
    id: name,
    match: spec.match,
    action: resolveAction(spec.action, world, problems),
    options,
    ...(certificateId === undefined ? {} : { certificateId }),
  };
  return { assigned, problems };
};

const certificateOf = (tls: string | undefined, host: string, world: RouteWorld): string | undefined => {
  if (tls === undefined) return undefined;
  return tls === acmeTls ? world.issued(host) : world.secret(tls);
};

const resolveAction = (action: RouteSpec['action'], world: RouteWorld, problems: string[]): AssignedRoute['action'] => {
  if (action.kind !== 'services') return action;
  const targets = action.targets.flatMap((target) => {
    const service = world.service(target.service);
    if (service === undefined) {
      problems.push(`there is no service ${target.service}`);
      return [];
    }
    const networkIds = networksFor(service, target, world);
    if (networkIds.length === 0) problems.push(noNetwork(service.spec.name, target.network));
    const { port, weight } = target;
    const resolved = { serviceId: service.id, serviceName: service.spec.name, networkIds: [...networkIds], port };
    return [weight === undefined ? resolved : { ...resolved, weight }];
  });
  return { kind: 'services', targets };
};

const noNetwork = (service: string, network: string | undefined): string =>
  network === undefined
    ? `service ${service} is on no network that spans the nodes: put it on one`
    : `service ${service} is not on network ${network}`;

/**
 * The networks by which a service's tasks are reached, the best first: those that it is on, those with a way out before
 * the others; that of published ports where there is none else. While it is updated, those that it was on too.
 */
const networksFor = (service: Service, target: RouteTarget, world: RouteWorld): readonly NetworkId[] => {
  const named = target.network === undefined ? undefined : world.network(target.network)?.id;
  if (target.network !== undefined && named === undefined) return [];
  const specs = isMoving(service) && service.previousSpec ? [service.spec, service.previousSpec] : [service.spec];
  const found = specs
    .flatMap(({ task }) => (task.networks ?? []).flatMap(({ networkId }) => world.network(networkId) ?? []))
    .filter((network) => network.spec.driver === 'overlay' && network.subnet !== undefined)
    .filter(({ id }) => named === undefined || id === named);
  if (found.length > 0) {
    const open = found.filter(({ spec }) => spec.internal !== true);
    const closed = found.filter(({ spec }) => spec.internal === true);
    return [...new Set([...open, ...closed].map(({ id }) => id))];
  }
  const published = service.ports.some(({ mode }) => mode === 'ingress');
  return published && world.ingress !== undefined && target.network === undefined ? [world.ingress] : [];
};

const isMoving = ({ updateStatus }: Service): boolean =>
  updateStatus !== undefined && updateStatus.state !== 'completed' && updateStatus.state !== 'rollback_completed';

/** Of everything that the routes refer to, what nodes need for them. */
export const needsOfRoutes = (
  routes: Iterable<AssignedRoute>,
): { readonly networks: ReadonlySet<string>; readonly secrets: ReadonlySet<string> } => {
  const networks = new Set<string>();
  const secrets = new Set<string>();
  for (const { action, certificateId } of routes) {
    if (certificateId !== undefined) secrets.add(certificateId);
    if (action.kind === 'services')
      for (const { networkIds } of action.targets) for (const id of networkIds) networks.add(id);
  }
  return { networks, secrets };
};

/** Who asks for a service's own routes. */
export const serviceOwner = (service: { readonly id: ServiceId; readonly spec: { readonly name: string } }): string =>
  `service ${service.spec.name}`;
