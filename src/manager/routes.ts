import { mergeRoutes } from '../core/route/merge.ts';
import type { MergedRoute, RouteSource } from '../core/route/merge.ts';
import { resolveRoute, serviceOwner } from '../core/route/resolve.ts';
import type { ResolvedRoute, RouteWorld } from '../core/route/resolve.ts';
import { hasRouteLabels, readRouteLabels } from '../model/route-labels.ts';
import { nodeName } from '../model/node.ts';
import { acmeTls } from '../model/route.ts';
import type { RouteSpec } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import type { RouteView } from '../model/native.ts';
import type { View } from '../store/store.ts';
import { acmeCertificates } from './acme/certificates.ts';
import { ingressNetwork } from './allocator.ts';
import { isDoorNode } from './service/door-nodes.ts';

/** The routes that the service asks for by its labels; what is wrong with them was refused when it was made. */
export const routesOf = ({ id, spec }: Pick<Service, 'id' | 'spec'>): readonly RouteSpec[] =>
  hasRouteLabels(spec.labels) ? readRouteLabels(id, spec.labels).routes : [];

/** Who asks for a route that is no service's. */
const ownRoute = 'tutti route add';

/** Everything that is asked of the front door. */
export const routeSources = (view: View): readonly RouteSource[] => {
  const sources: RouteSource[] = Array.from(view.list('route'), ({ createdAt, spec }) => ({
    owner: ownRoute,
    own: true,
    since: createdAt,
    spec,
  }));
  for (const service of view.list('service')) {
    for (const spec of routesOf(service)) {
      sources.push({ owner: serviceOwner(service), own: false, since: service.createdAt, spec });
    }
  }
  return sources;
};

export interface ClusterRoute extends ResolvedRoute {
  readonly merged: MergedRoute;
}

/** The routes as nodes are told of them, and what is wrong with each. */
export const clusterRoutes = (view: View, sources: readonly RouteSource[]): readonly ClusterRoute[] => {
  const world = worldOf(view);
  return mergeRoutes(sources).map((merged) => ({ merged, ...resolveRoute(merged, world) }));
};

const worldOf = (view: View): RouteWorld => {
  let issued: ReturnType<typeof acmeCertificates> | undefined;
  return {
    service: (reference) => view.get('service', reference) ?? view.find('service', 'name', reference)[0],
    network: (reference) => view.get('network', reference) ?? view.find('network', 'name', reference)[0],
    secret: (name) => view.find('secret', 'name', name)[0]?.id,
    issued: (host) => (issued ??= acmeCertificates(view)).get(host)?.secretId,
    ingress: ingressNetwork(view)?.id,
  };
};

/** The routes for people: who asks for them, where they lead, and what is wrong. */
export const routeRecords = (
  view: View,
  certificateProblem: (host: string) => string | undefined,
): readonly RouteView[] =>
  clusterRoutes(view, routeSources(view)).map(({ merged, assigned, problems }) => ({
    name: merged.name,
    spec: merged.spec,
    owners: merged.owners,
    targets:
      assigned.action.kind === 'services'
        ? assigned.action.targets.map(({ serviceId, serviceName, port, weight }) => ({
            service: serviceName,
            port,
            ready: readyTasks(view, serviceId),
            ...(weight === undefined ? {} : { weight }),
          }))
        : [],
    problems: [
      ...problems,
      ...(merged.spec.options?.tls === acmeTls ? [certificateProblem(merged.spec.match.host) ?? []].flat() : []),
      ...merged.refused.map((owner) => `${owner} asks for the same requests and gets none`),
    ],
  }));

/** Nodes that should run the front door and say that something is wrong with it. */
export const doorProblems = (view: View): readonly { readonly node: string; readonly problem: string }[] => {
  const [cluster] = view.list('cluster');
  if (cluster === undefined) return [];
  return Array.from(view.list('node')).flatMap((node) => {
    const problem = node.description?.doorProblem;
    return problem === undefined || !isDoorNode(cluster, node) ? [] : [{ node: nodeName(node), problem }];
  });
};

const readyTasks = (view: View, serviceId: string): number =>
  view.find('task', 'service', serviceId).filter(({ id }) => view.get('taskStatus', id)?.ready === true).length;
