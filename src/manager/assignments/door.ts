import { needsOfRoutes } from '../../core/route/resolve.ts';
import { doorPorts } from '../../model/cluster.ts';
import type { Node } from '../../model/node.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { AssignedDoor, AssignedRoute } from '../../model/route.ts';
import type { View } from '../../store/store.ts';
import { accountThumbprint } from '../acme/certificates.ts';
import { clusterRoutes, routesOf, routeSources } from '../routes.ts';
import { isDoorNode } from '../service/door-nodes.ts';
import type { Dirty } from './dirty.ts';
import { Group } from './group.ts';

/** What the nodes that run the front door are told because of it. Nothing in it is a source of truth. */
export class DoorShare {
  /** The routes, and that there is a door. Empty without routes. */
  readonly group = new Group();
  /** Networks and certificates that the routes need. */
  networks: ReadonlySet<string> = new Set();
  secrets: ReadonlySet<string> = new Set();
  readonly #view: View;
  /** Services whose change may be one of the routes. */
  #services: ReadonlySet<string> = new Set();

  constructor(view: View) {
    this.#view = view;
  }

  /** Works it out again, where what is dirty may be part of it. True when it did. */
  fold(dirty: Dirty): boolean {
    if (!this.#concerns(dirty)) return false;
    const routes = clusterRoutes(this.#view, routeSources(this.#view)).map(({ assigned }) => assigned);
    this.#services = new Set(routes.flatMap(targetsOf));
    ({ networks: this.networks, secrets: this.secrets } = needsOfRoutes(routes));
    this.#replace(routes.length === 0 ? [] : [...this.#door(), ...routes]);
    return true;
  }

  /** Whether the node runs the front door. */
  isDoor(node: Node): boolean {
    const [cluster] = this.#view.list('cluster');
    if (this.group.items.size === 0 || cluster === undefined) return false;
    return isDoorNode(cluster, node);
  }

  #concerns(dirty: Dirty): boolean {
    if (dirty.cluster || dirty.networks.size > 0 || dirty.secrets.size > 0 || dirty.routes) return true;
    for (const id of dirty.services) {
      const service = this.#view.get('service', id);
      if (this.#services.has(id) || (service !== undefined && routesOf(service).length > 0)) return true;
    }
    return false;
  }

  #door(): readonly AssignedDoor[] {
    const [cluster] = this.#view.list('cluster');
    if (cluster === undefined) return [];
    const { http, https } = doorPorts(cluster.spec);
    const { acme, proxyFrom, accessLog } = cluster.spec.door ?? {};
    const acmeThumbprint = acme && accountThumbprint(this.#view, acme.directory);
    const door: AssignedDoor = { kind: 'door', id: 'door', httpPort: http, httpsPort: https, cookieKey: cluster.id };
    return [
      {
        ...door,
        ...(acmeThumbprint && { acmeThumbprint }),
        ...(proxyFrom?.length && { proxyFrom }),
        ...(accessLog && { accessLog }),
      },
    ];
  }

  #replace(items: readonly (AssignedRoute | AssignedDoor)[]): void {
    const keys = new Set(items.map(assignmentKey));
    for (const key of this.group.items.keys()) if (!keys.has(key)) this.group.remove(key);
    for (const item of items) {
      const known = this.group.items.get(assignmentKey(item));
      if (known === undefined || JSON.stringify(known) !== JSON.stringify(item)) this.group.put(item);
    }
  }
}

const targetsOf = ({ action }: AssignedRoute): readonly string[] =>
  action.kind === 'services' ? action.targets.map(({ serviceId }) => serviceId) : [];
