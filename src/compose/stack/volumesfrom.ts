import type { Mount } from '../../model/container.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { Names } from './names.ts';
import type { Section } from './section.ts';

/** Services with the mounts of those that they take `volumes_from`, and of those from which these do, below their own. */
export function borrowedMounts(root: Section, services: readonly ServiceSpec[], names: Names): readonly ServiceSpec[] {
  const specs = new Map(services.map((service) => [service.name, service]));
  const sections = new Map(root.named('services').map(([key, service]) => [names.service(key), service]));
  const mountsOf = (name: string, seen: ReadonlySet<string>): readonly Mount[] => {
    const own = specs.get(name)?.task.containers[0]?.mounts ?? [];
    if (seen.has(name)) return own;
    const lent = (sections.get(name)?.texts('volumes_from') ?? []).flatMap((text) => {
      const [source = '', mode] = text.split(':');
      if (!specs.has(names.service(source))) return [];
      const mounts = mountsOf(names.service(source), new Set([...seen, name]));
      return mode === 'ro' ? mounts.map((mount) => ({ ...mount, readOnly: true })) : mounts;
    });
    return firstByTarget([...own, ...lent]);
  };
  return services.map((spec) => {
    const section = sections.get(spec.name);
    const sources = section?.texts('volumes_from') ?? [];
    for (const source of sources) remark(section, source, specs.has(names.service(source.split(':')[0] ?? '')));
    return sources.length === 0 ? spec : withMounts(spec, mountsOf(spec.name, new Set()));
  });
}

function remark(section: Section | undefined, text: string, known: boolean): void {
  const message = known
    ? `the mounts of ${text.split(':')[0]} are copied; their data is shared only on the same node`
    : `${JSON.stringify(text)} is ignored: only services of the same file lend mounts`;
  section?.warn('volumes_from', message);
}

function firstByTarget(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(({ target }, index) => mounts.findIndex((other) => other.target === target) === index);
}

function withMounts(spec: ServiceSpec, mounts: readonly Mount[]): ServiceSpec {
  if (mounts.length === 0) return spec;
  const containers = spec.task.containers.map((container) => ({ ...container, mounts }));
  return { ...spec, task: { ...spec.task, containers } };
}
