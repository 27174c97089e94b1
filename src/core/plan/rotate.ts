import type { Config, ConfigSpec, Secret, SecretSpec } from '../../model/secret.ts';
import type { FieldChange } from './difference.ts';
import { differences } from './difference.ts';

/** On a successor: the name, as the stack has it, of the secret or config whose data it carries. */
export const rotationLabel = 'tutti.rotation-of';

type Spec = SecretSpec | ConfigSpec;
type Item = Secret | Config;

/**
 * What a stack's secret or config needs. Data is immutable, as in Docker, so changed data goes into a successor
 * `<name>-2`, `<name>-3`, … and services are led to it. Data that was there before leads back to the object that has it.
 */
export type Rotation =
  | { readonly kind: 'create'; readonly name: string; readonly spec: Spec }
  | {
      readonly kind: 'keep';
      readonly name: string;
      readonly id: string;
      readonly spec: Spec;
      /** Of labels and templating; empty when nothing differs. */
      readonly changes: readonly FieldChange[];
    };

/** @param own The stack's objects of this kind. @param taken Every name of this kind in the cluster. */
export function rotate(desired: Spec, own: readonly Item[], taken: ReadonlySet<string>): Rotation {
  const generations = own.filter((item) => isGeneration(item, desired.name));
  const same = generations.filter((item) => carries(item.spec, desired));
  const match = same.find((item) => item.spec.name === desired.name) ?? same.at(-1);
  if (match === undefined) {
    const name = generations.length === 0 && !taken.has(desired.name) ? desired.name : successor(desired.name, taken);
    return { kind: 'create', name, spec: named(desired, name) };
  }
  const spec = named(desired, match.spec.name);
  return { kind: 'keep', name: match.spec.name, id: match.id, spec, changes: differences(match.spec, spec) };
}

/** True for the object that has the name itself, and for its successors. */
export function isGeneration(item: Item, name: string): boolean {
  return item.spec.name === name || item.spec.labels?.[rotationLabel] === name;
}

/** Templating decides what containers see, as the data does. */
function carries(spec: Spec, desired: Spec): boolean {
  return spec.data === desired.data && differences(spec.templating, desired.templating).length === 0;
}

function named(desired: Spec, name: string): Spec {
  if (name === desired.name) return desired;
  return { ...desired, name, labels: { ...desired.labels, [rotationLabel]: desired.name } };
}

function successor(name: string, taken: ReadonlySet<string>): string {
  let generation = 2;
  while (taken.has(`${name}-${generation}`)) generation += 1;
  return `${name}-${generation}`;
}
