import { readRouteLabels, routeFields, routeLabel } from '../../model/route-labels.ts';
import type { ContainerOf } from './container.ts';
import type { Section } from './section.ts';

/**
 * `x-tutti.route` of a service as the labels that say the same (docs/front-door.md), so that what a file asks for is seen
 * and changed like any other label. One mapping, or a list of them.
 */
export function routeLabels(service: Section, of: ContainerOf): Record<string, string> {
  const extension = service.section('x-tutti');
  for (const key of extension.keys()) {
    if (key !== 'route') extension.fail(key, 'unknown key; allowed is route');
  }
  const listed = extension.sections('route');
  const routes = listed.length > 0 ? listed : extension.has('route') ? [extension.section('route')] : [];
  const labels: Record<string, string> = {};
  for (const [index, route] of routes.entries()) {
    const found = new Map(route.keys().flatMap((key) => textsOf(route, key, of)));
    checkRoute(route, found);
    const prefix = routes.length === 1 ? routeLabel : `${routeLabel}${index + 1}.`;
    for (const [field, text] of found) labels[`${prefix}${field}`] = text;
  }
  return labels;
}

/** What is wrong with labels is said of the keys that they come from. */
function checkRoute(route: Section, fields: ReadonlyMap<string, string>): void {
  if (route.keys().length === 0) route.fail(undefined, 'must be a mapping such as {host: shop.example, port: 80}');
  const labels = Object.fromEntries([...fields].map(([field, text]) => [`${routeLabel}${field}`, text]));
  for (const problem of readRouteLabels('service', labels).problems) {
    const [, key, message] = /^label tutti\.route\.([a-z-]+)[^:]*: (.*)$/s.exec(problem) ?? [];
    route.fail(key, message ?? problem);
  }
}

function textsOf(route: Section, key: string, { names, root }: ContainerOf): [field: string, text: string][] {
  if (!(routeFields as readonly string[]).includes(key)) {
    route.fail(key, `unknown key; allowed are ${routeFields.join(', ')}`);
    return [];
  }
  if (key === 'header') return route.entries(key).map(([name, text]) => [`header.${name}`, text ?? '*']);
  const text = route.text(key) ?? route.texts(key)?.join(',');
  if (text === undefined) return [];
  const declared = root.named('secrets').some(([name]) => name === text);
  if (key === 'network') return [[key, names.network(text)]];
  return [[key, key === 'tls' && declared ? names.secret(text) : text]];
}
