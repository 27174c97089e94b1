import type { MapNode } from '../source/node.ts';
import { child, items, mapChild, mapValues, textOf, withEntry } from '../source/node.ts';

/** The project without the services whose profiles are not active. Services without profiles always stay. */
export function applyProfiles(root: MapNode, active: ReadonlySet<string>): MapNode {
  const services = mapChild(root, 'services');
  if (services === undefined) return root;
  const kept = mapValues(services, (service) => {
    const profiles = items(child(service, 'profiles')).flatMap((profile) => textOf(profile) ?? []);
    const enabled = profiles.length === 0 || active.has('*') || profiles.some((profile) => active.has(profile));
    return enabled ? service : undefined;
  });
  return withEntry(root, 'services', kept);
}

/** Profiles asked for, and those in COMPOSE_PROFILES. */
export function activeProfiles(asked: readonly string[], fromEnvironment: string | undefined): ReadonlySet<string> {
  const listed = (fromEnvironment ?? '').split(',').map((profile) => profile.trim());
  return new Set([...asked, ...listed].filter((profile) => profile !== ''));
}
