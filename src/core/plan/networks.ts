import type { Network, NetworkSpec } from '../../model/network.ts';
import type { PlanAction } from './action.ts';
import { differences } from './difference.ts';

export interface NetworkPlan {
  readonly changes: readonly PlanAction[];
  readonly removals: readonly PlanAction[];
}

export function planNetworks(desired: readonly NetworkSpec[], own: readonly Network[], prune: boolean): NetworkPlan {
  const byName = new Map(own.map((network) => [network.spec.name, network]));
  const wanted = new Set(desired.map(({ name }) => name));
  const removals = prune ? own.filter(({ spec }) => !wanted.has(spec.name)) : [];
  return {
    changes: desired.map((spec) => planNetwork(spec, byName.get(spec.name))),
    removals: removals.map(({ id, spec }) => ({ kind: 'remove', object: 'network', name: spec.name, id })),
  };
}

function planNetwork(spec: NetworkSpec, existing: Network | undefined): PlanAction {
  const { name } = spec;
  if (existing === undefined) return { kind: 'create', object: 'network', name, spec };
  const changes = differences(existing.spec, spec);
  return changes.length === 0
    ? { kind: 'unchanged', object: 'network', name, id: existing.id }
    : { kind: 'update', object: 'network', name, id: existing.id, spec, changes };
}
