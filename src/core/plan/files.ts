import type { Config, ConfigSpec, Secret, SecretSpec } from '../../model/secret.ts';
import type { PlanAction } from './action.ts';
import type { Rename } from './names.ts';
import type { Rotation } from './rotate.ts';
import { isGeneration, rotate } from './rotate.ts';

export interface FilePlan {
  readonly changes: readonly PlanAction[];
  /** From the name that the stack uses to the object in which the data is. */
  readonly lead: Rename;
  /** @param used Names that services need when the plan is done. */
  readonly removals: (used: ReadonlySet<string>, prune: boolean) => readonly PlanAction[];
}

/** Secrets or configs: both are immutable data under a name. */
export function planFiles(
  object: 'secret' | 'config',
  desired: readonly (SecretSpec | ConfigSpec)[],
  own: readonly (Secret | Config)[],
  all: readonly (Secret | Config)[],
): FilePlan {
  const taken = new Set(all.map(({ spec }) => spec.name));
  const rotations = new Map<string, Rotation>();
  for (const spec of desired) {
    const rotation = rotate(spec, own, taken);
    taken.add(rotation.name);
    rotations.set(spec.name, rotation);
  }
  const inForce = new Set([...rotations.values()].map(({ name }) => name));
  return {
    changes: [...rotations.values()].map((rotation) => action(object, rotation)),
    lead: (name) => rotations.get(name)?.name ?? name,
    removals: (used, prune) =>
      own
        .filter((item) => !inForce.has(item.spec.name) && !used.has(item.spec.name))
        .filter((item) => prune || desired.some(({ name }) => isGeneration(item, name)))
        .map(({ id, spec }) => ({ kind: 'remove', object, name: spec.name, id })),
  };
}

function action(object: 'secret' | 'config', rotation: Rotation): PlanAction {
  const { name, spec } = rotation;
  if (rotation.kind === 'create') return { kind: 'create', object, name, spec };
  const { id, changes } = rotation;
  return changes.length === 0
    ? { kind: 'unchanged', object, name, id }
    : { kind: 'update', object, name, id, spec, changes };
}
