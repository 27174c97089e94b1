import type { ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';
import { stackSpec } from '../../model/stack.ts';
import type { Project } from '../project.ts';
import { formatPath, problem, tidyProblems } from '../source/problem.ts';
import type { Problem } from '../source/problem.ts';
import { ignoredKeys } from './coverage.ts';
import { fileSpec } from './files.ts';
import type { Names } from './names.ts';
import { isForeign, namesOf } from './names.ts';
import { engineNetwork, networkSpec } from './networks.ts';
import type { Remarks, Section } from './section.ts';
import { compactOrNone, orNone, section } from './section.ts';
import { serviceSpec } from './service.ts';
import { borrowedMounts } from './volumesfrom.ts';

export interface Conversion {
  readonly stack: StackSpec;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Everything of the project that the model carries; a warning for everything that it does not. */
export function convert(project: Project): Conversion {
  const remarks: Remarks = { errors: [], warnings: [...ignoredKeys(project.root)] };
  const root = section(project.root, [], project.root.at, remarks);
  const names = namesOf(project.name, root);
  const runnable = root.named('services').filter(([, service]) => !service.has('provider'));
  const services = runnable.map(([key, service]) =>
    serviceSpec(service, { stack: project.name, key, root, names }, linkedAs(root, key)),
  );
  const stack: StackSpec = {
    name: project.name,
    services: borrowedMounts(root, services, names),
    networks: own(root, 'networks').map(([key, network]) => networkSpec(project.name, key, network, names)),
    secrets: filesOf(project, root, 'secrets', names.secret),
    configs: filesOf(project, root, 'configs', names.config),
    ...externals(root, names),
  };
  for (const [kind, name] of [
    ['networks', names.network],
    ['secrets', names.secret],
    ['configs', names.config],
  ] as const) {
    refuseDoubles(own(root, kind), name);
  }
  const errors = remarks.errors.length > 0 ? remarks.errors : modelFaults(stack, project);
  return { stack, errors: tidyProblems(errors), warnings: tidyProblems(remarks.warnings) };
}

/** The names that other services' `links` give to this one. */
function linkedAs(root: Section, key: string): readonly string[] {
  const links = root.named('services').flatMap(([, service]) => service.texts('links') ?? []);
  return links.flatMap((link) => {
    const [service, alias] = link.split(':');
    return service === key && alias !== undefined && alias !== key ? [alias] : [];
  });
}

function own(root: Section, kind: string): (readonly [string, Section])[] {
  return root.named(kind).filter(([, resource]) => !isForeign(kind, resource));
}

/** Two resources that the file gives one name would be one in the cluster. */
function refuseDoubles(resources: readonly (readonly [string, Section])[], name: (key: string) => string): void {
  const taken = new Map<string, string>();
  for (const [key, resource] of resources) {
    const other = taken.get(name(key));
    if (other !== undefined) resource.fail('name', `${name(key)} is the name of ${JSON.stringify(other)} already`);
    taken.set(name(key), key);
  }
}

function filesOf(project: Project, root: Section, kind: 'secrets' | 'configs', name: Names['secret']) {
  return own(root, kind).flatMap(([key, file]) => {
    const bytes = project.contents.get(`${kind}.${key}`);
    return bytes === undefined ? [] : [fileSpec(project.name, name(key), file, bytes)];
  });
}

function externals(root: Section, names: Names): Pick<StackSpec, 'external'> {
  const listed = (kind: string, name: (key: string) => string): string[] =>
    root.named(kind).flatMap(([key, resource]) => (isForeign(kind, resource) ? [name(key)] : []));
  const engine = root.named('services').flatMap(([, service]) => engineNetwork(service) ?? []);
  const external = compactOrNone<NonNullable<StackSpec['external']>>({
    networks: orNone([...new Set([...listed('networks', names.network), ...engine])]),
    secrets: orNone(listed('secrets', names.secret)),
    configs: orNone(listed('configs', names.config)),
  });
  return external === undefined ? {} : { external };
}

/** The model's own limits, for whatever the checks with better words let through. */
function modelFaults(stack: StackSpec, project: Project): Problem[] {
  const parsed = stackSpec.safeParse(stack);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => {
    const [kind, index] = path;
    const service = kind === 'services' ? stack.services[Number(index)] : undefined;
    const place = service === undefined ? [String(kind)] : ['services', serviceKey(stack, service)];
    const field = formatPath(
      path.slice(service === undefined ? 1 : 2).map((step) => (typeof step === 'number' ? step : String(step))),
    );
    return problem(project.root.at, place, `${field}: ${message}`);
  });
}

function serviceKey(stack: StackSpec, service: ServiceSpec): string {
  return service.name.slice(stack.name.length + 1);
}
