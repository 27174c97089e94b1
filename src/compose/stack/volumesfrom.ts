import type { Mount } from '../../model/container.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { Names } from './names.ts';
import type { Section } from './section.ts';

/** Services with the mounts of those that they take `volumes_from`, below their own. */
export function borrowedMounts(root: Section, services: readonly ServiceSpec[], names: Names): readonly ServiceSpec[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const sections = new Map(root.named('services').map(([key, service]) => [names.service(key), service]));
  return services.map((spec) => {
    const section = sections.get(spec.name);
    const borrowed = (section?.texts('volumes_from') ?? []).flatMap((text) => {
      const [source = '', mode] = text.split(':');
      const lender = byName.get(names.service(source));
      if (source === 'container' || lender === undefined) {
        section?.warn('volumes_from', `${JSON.stringify(text)} is ignored: only services of the same file lend mounts`);
        return [];
      }
      section?.warn('volumes_from', `the mounts of ${source} are copied; their data is shared only on the same node`);
      const mounts = lender.task.containers[0]?.mounts ?? [];
      return mode === 'ro' ? mounts.map((mount) => ({ ...mount, readOnly: true })) : mounts;
    });
    return borrowed.length === 0 ? spec : withMounts(spec, borrowed);
  });
}

function withMounts(spec: ServiceSpec, borrowed: readonly Mount[]): ServiceSpec {
  const containers = spec.task.containers.map((container) => {
    const own = container.mounts ?? [];
    const targets = new Set(own.map(({ target }) => target));
    return { ...container, mounts: [...own, ...borrowed.filter(({ target }) => !targets.has(target))] };
  });
  return { ...spec, task: { ...spec.task, containers } };
}
