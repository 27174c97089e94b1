import type { Labels } from '../../model/object.ts';
import { certificatesInLabels } from '../../model/route-labels.ts';
import type { Service, ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';
import { stackLabel } from '../../model/stack.ts';
import type { CurrentState, ObjectKind, PlanAction } from './action.ts';
import { checkFeasible } from './check.ts';
import { planFiles } from './files.ts';
import { renameReferences, toNames } from './names.ts';
import { planNetworks } from './networks.ts';
import { planService } from './services.ts';

export type { PlanAction } from './action.ts';

/**
 * What makes the cluster match a stack, in an order in which it can be done: networks, configs and secrets, then
 * services, removals last. Without `prune` services, networks, secrets and configs that left the file stay; superseded
 * generations of a secret or config go in any case, once neither a service nor its rollback needs them.
 *
 * Faults, all of them at once: `not-found` when something external is missing, `conflict` when a name belongs to an object of
 * another stack or of none, or when an existing network or the mode of a service would have to change.
 */
export function planStack(
  desired: StackSpec,
  current: CurrentState,
  { prune }: { readonly prune: boolean },
): readonly PlanAction[] {
  checkFeasible(desired, current);
  const own = ofStack(desired.name, current);
  const networks = planNetworks(desired.networks, own.networks, prune);
  const secrets = planFiles('secret', desired.secrets, own.secrets, current.secrets);
  const configs = planFiles('config', desired.configs, own.configs, current.configs);
  const lead = { network: (name: string) => name, secret: secrets.lead, config: configs.lead };
  const wanted = desired.services.map((spec) => renameReferences(spec, lead));
  const named = toNames(current);
  const byName = new Map(own.services.map((service) => [service.spec.name, service]));
  const services = wanted.map((spec) => planService(spec, byName.get(spec.name), named));
  const kept = new Set(wanted.map(({ name }) => name));
  const leaving = prune ? own.services.filter(({ spec }) => !kept.has(spec.name)) : [];
  const used = usedFiles(services, own.services, leaving, named);
  return [
    ...networks.changes,
    ...configs.changes,
    ...secrets.changes,
    ...services,
    ...leaving.map(removal('service')),
    ...networks.removals,
    ...configs.removals(used.configs, prune),
    ...secrets.removals(used.secrets, prune),
  ];
}

/** What removing a stack comes to: services first, because the rest is in their use. */
export function planRemoval(stack: string, current: CurrentState): readonly PlanAction[] {
  const own = ofStack(stack, current);
  return [
    ...own.services.map(removal('service')),
    ...own.networks.map(removal('network')),
    ...own.configs.map(removal('config')),
    ...own.secrets.map(removal('secret')),
  ];
}

function removal(object: ObjectKind) {
  return ({ id, spec }: { readonly id: string; readonly spec: { readonly name: string } }): PlanAction => ({
    kind: 'remove',
    object,
    name: spec.name,
    id,
  });
}

function ofStack(stack: string, current: CurrentState): CurrentState {
  const belongs = ({ spec }: { readonly spec: { readonly labels?: Labels | undefined } }): boolean =>
    spec.labels?.[stackLabel] === stack;
  return {
    services: current.services.filter(belongs),
    networks: current.networks.filter(belongs),
    secrets: current.secrets.filter(belongs),
    configs: current.configs.filter(belongs),
  };
}

/** Secrets and configs, by name, that services need once the plan is done: now, or to be rolled back to. */
function usedFiles(
  planned: readonly PlanAction[],
  own: readonly Service[],
  leaving: readonly Service[],
  named: (spec: ServiceSpec) => ServiceSpec,
): { readonly secrets: ReadonlySet<string>; readonly configs: ReadonlySet<string> } {
  const gone = new Set(leaving.map(({ id }) => id as string));
  const updated = new Map<string, ServiceSpec>();
  const specs: ServiceSpec[] = [];
  for (const action of planned) {
    if (action.object !== 'service' || action.kind === 'remove' || action.kind === 'unchanged') continue;
    specs.push(action.spec);
    if (action.kind === 'update') updated.set(action.id, action.spec);
  }
  for (const service of own) {
    if (gone.has(service.id)) continue;
    specs.push(named(service.spec));
    const before = updated.has(service.id) ? undefined : service.previousSpec;
    if (before !== undefined) specs.push(named(before));
  }
  const containers = specs.flatMap(({ task }) => task.containers);
  return {
    secrets: new Set([
      ...containers.flatMap(({ secrets = [] }) => secrets.map(({ secretName }) => secretName)),
      ...specs.flatMap(({ labels }) => certificatesInLabels(labels)),
    ]),
    configs: new Set(containers.flatMap(({ configs = [] }) => configs.map(({ configName }) => configName))),
  };
}
