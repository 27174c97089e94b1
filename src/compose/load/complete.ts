import type { ComposeNode, MapNode } from '../source/node.ts';
import { child, items, map, mapChild, mapValues, pairs, textOf, withEntry } from '../source/node.ts';
import type { Session } from '../session.ts';

/** The project with only those resources that a service uses; the user is told of the others. */
export function keepUsed(session: Session, root: MapNode): MapNode {
  const used = usedResources(root);
  // Who uses what may stand in a part that was wrong.
  const isCertain = session.errors.length === 0;
  let result = root;
  for (const [section, names] of Object.entries(used)) {
    const resources = mapChild(result, section);
    if (resources === undefined) continue;
    for (const [name, { keyAt }] of resources.entries) {
      if (isCertain && !names.has(name)) session.warn(keyAt, [section, name], 'no service uses it; it is not created');
    }
    result = withEntry(
      result,
      section,
      mapValues(resources, (resource, name) => (names.has(name) ? resource : undefined)),
    );
  }
  return result;
}

/** Every service on its networks, and on `default` when it names none. */
export function connectServices(root: MapNode): MapNode {
  const services = mapChild(root, 'services');
  if (services === undefined) return root;
  let needsDefault = false;
  const connected = mapValues(services, (service) => {
    if (service.kind !== 'map') return service;
    const networks = mapChild(service, 'networks');
    const names = pairs(networks).map(([name]) => name);
    const alone = names.length === 0 && child(service, 'network_mode') === undefined;
    needsDefault ||= alone || names.includes('default');
    return alone ? withEntry(service, 'networks', map({ default: map({}, service.at) }, service.at)) : service;
  });
  const result = withEntry(root, 'services', connected);
  const networks = mapChild(root, 'networks') ?? map({}, root.at);
  if (!needsDefault || child(networks, 'default') !== undefined) return result;
  return withEntry(result, 'networks', withEntry(networks, 'default', map({}, root.at)));
}

function usedResources(root: MapNode): Readonly<Record<string, ReadonlySet<string>>> {
  const networks = new Set<string>();
  const volumes = new Set<string>();
  const secrets = new Set<string>();
  const configs = new Set<string>();
  for (const [, service] of pairs(child(root, 'services'))) {
    for (const [name] of pairs(child(service, 'networks'))) networks.add(name);
    for (const mount of items(child(service, 'volumes'))) {
      const source = textOf(child(mount, 'source'));
      if (textOf(child(mount, 'type')) === 'volume' && source !== undefined) volumes.add(source);
    }
    for (const name of sourcesOf(child(service, 'secrets'))) secrets.add(name);
    for (const name of sourcesOf(child(child(service, 'build'), 'secrets'))) secrets.add(name);
    for (const route of routesOf(service)) {
      const certificate = textOf(child(route, 'tls'));
      if (certificate !== undefined) secrets.add(certificate);
    }
    for (const name of sourcesOf(child(service, 'configs'))) configs.add(name);
    const credential = textOf(child(child(service, 'credential_spec'), 'config'));
    if (credential !== undefined) configs.add(credential);
  }
  return { networks, volumes, secrets, configs };
}

function sourcesOf(references: ComposeNode | undefined): string[] {
  return items(references).flatMap((reference) => textOf(child(reference, 'source')) ?? []);
}

/** What `x-tutti.route` asks of the front door: one mapping, or a list of them. */
function routesOf(service: ComposeNode): readonly ComposeNode[] {
  const route = child(child(service, 'x-tutti'), 'route');
  if (route === undefined) return [];
  return route.kind === 'list' ? items(route) : [route];
}
