import type { ErrorCode } from '../../model/errors.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Labels } from '../../model/object.ts';
import type { StackSpec } from '../../model/stack.ts';
import { stackLabel } from '../../model/stack.ts';
import type { CurrentState } from './action.ts';
import { differences } from './difference.ts';

interface Named {
  readonly spec: { readonly name: string; readonly labels?: Labels | undefined };
}

/**
 * Throws when the stack refers to what is not there, claims a name that is not its own, or would change what cannot be
 * changed in place. Tells all of a kind at once.
 */
export function checkFeasible(desired: StackSpec, current: CurrentState): void {
  const missing = [
    ...absent('network', desired.external?.networks, current.networks),
    ...absent('secret', desired.external?.secrets, current.secrets),
    ...absent('config', desired.external?.configs, current.configs),
  ];
  refuse('not-found', missing, desired.name);
  const foreign = [
    ...claimed('network', desired.name, desired.networks, current.networks),
    ...claimed('secret', desired.name, desired.secrets, current.secrets),
    ...claimed('config', desired.name, desired.configs, current.configs),
    ...claimed('service', desired.name, desired.services, current.services),
  ];
  refuse('conflict', [...foreign, ...rebuilt(desired, current), ...converted(desired, current)], desired.name);
}

function refuse(code: ErrorCode, reasons: readonly string[], stack: string): void {
  if (reasons.length > 0) throw new TuttiError(code, reasons.join('; '), { fields: { stack, reasons } });
}

function absent(kind: string, wanted: readonly string[] = [], there: readonly Named[]): string[] {
  const names = new Set(there.map(({ spec }) => spec.name));
  return wanted
    .filter((name) => !names.has(name))
    .map((name) => `the external ${kind} ${name} does not exist; create it, or take "external" off it in the file`);
}

function claimed(kind: string, stack: string, wanted: readonly { name: string }[], there: readonly Named[]): string[] {
  const names = new Set(wanted.map(({ name }) => name));
  return there
    .filter(({ spec }) => names.has(spec.name) && spec.labels?.[stackLabel] !== stack)
    .map(({ spec }) => {
      const owner = spec.labels?.[stackLabel];
      return `the ${kind} ${spec.name} exists and belongs to ${owner === undefined ? 'no stack' : `the stack ${owner}`}`;
    });
}

/** Networks with containers on them keep all but their labels. */
function rebuilt(desired: StackSpec, current: CurrentState): string[] {
  const wanted = new Map(desired.networks.map((spec) => [spec.name, spec]));
  return current.networks.flatMap(({ spec }) => {
    const next = wanted.get(spec.name);
    if (next === undefined) return [];
    const paths = differences(spec, next)
      .map(({ path }) => path)
      .filter((path) => !path.startsWith('labels'));
    if (paths.length === 0) return [];
    const advice = 'give the network another name in the file, or remove the stack first';
    return [`the network ${spec.name} exists with another ${paths.join(', ')}, and containers are on it; ${advice}`];
  });
}

function converted(desired: StackSpec, current: CurrentState): string[] {
  const wanted = new Map(desired.services.map((spec) => [spec.name, spec]));
  return current.services.flatMap(({ spec }) => {
    const next = wanted.get(spec.name)?.mode.kind;
    if (next === undefined || next === spec.mode.kind) return [];
    const advice = 'give the service another name in the file, or remove it first';
    return [`the service ${spec.name} is ${spec.mode.kind} and cannot become ${next}; ${advice}`];
  });
}
