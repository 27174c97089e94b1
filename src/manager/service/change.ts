import { isJob } from '../../model/service.ts';
import type { PublishedPort, Service, ServiceSpec } from '../../model/service.ts';
import { meaningOf } from './meaning.ts';

/** Equal as data: the order of keys and absent fields do not matter. */
export const sameData = (left: unknown, right: unknown): boolean => {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, at) => sameData(item, right[at]));
  }
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  const a = left as Record<string, unknown>;
  const b = right as Record<string, unknown>;
  return [...keys].every((key) => sameData(a[key], b[key]));
};

const portsOf = (spec: ServiceSpec, mode: PublishedPort['mode']): readonly PublishedPort[] =>
  (spec.endpoint?.ports ?? []).filter((port) => port.mode === mode);

/**
 * Whether tasks made from one specification have to be replaced by another's: their own part differs, or what they
 * publish on their nodes, or they have no address on the ingress network and need one. Credentials alone replace nothing.
 */
export const replacesTasks = (before: ServiceSpec, after: ServiceSpec): boolean => {
  if (!sameData(meaningOf(before.task), meaningOf(after.task))) return true;
  if (!sameData(portsOf(before, 'host'), portsOf(after, 'host'))) return true;
  return portsOf(before, 'ingress').length === 0 && portsOf(after, 'ingress').length > 0;
};

const highest = (service: Service): number =>
  Math.max(service.specVersion, service.previousSpecVersion ?? 0, service.highestSpecVersion ?? 0);

/**
 * Which tasks are current under a new specification: those of this one when they need no replacing, and those of the one
 * before when it goes back to that, as after an update that was given up halfway. A job runs anew.
 */
const versionFor = (service: Service, spec: ServiceSpec): number => {
  const { previousSpec, previousSpecVersion } = service;
  if (!replacesTasks(service.spec, spec)) return service.specVersion;
  const goesBack = previousSpec !== undefined && !isJob(spec) && !replacesTasks(previousSpec, spec);
  return goesBack && previousSpecVersion !== undefined ? previousSpecVersion : highest(service) + 1;
};

/** The service with a new specification; its tasks are current still when they need no replacing. */
export const changed = (service: Service, spec: ServiceSpec): Service => {
  const { updateStatus: _status, ...rest } = service;
  const specVersion = versionFor(service, spec);
  return {
    ...rest,
    spec,
    previousSpec: service.spec,
    specVersion,
    previousSpecVersion: service.specVersion,
    highestSpecVersion: Math.max(highest(service), specVersion),
  };
};

/** The service with the specification before the last change. `forget` leaves nothing to go back to after it. */
export const rolledBack = (service: Service, remember: 'swap' | 'forget'): Service => {
  const { previousSpec, previousSpecVersion, ...rest } = service;
  if (previousSpec === undefined) return service;
  const back = {
    ...rest,
    spec: previousSpec,
    specVersion: previousSpecVersion ?? highest(service) + 1,
    highestSpecVersion: highest(service),
  };
  if (remember === 'forget') return back;
  return { ...back, previousSpec: service.spec, previousSpecVersion: service.specVersion };
};
