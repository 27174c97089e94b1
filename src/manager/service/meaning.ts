import type { ContainerSpec } from '../../model/container.ts';
import type { RestartPolicy, TaskSpec } from '../../model/service.ts';

/**
 * What a task's specification asks for: without credentials, without empty parts, without defaults that are written out.
 * Clients read a service with its defaults, change a label and write it all back: nothing is asked for by that.
 */
export const meaningOf = ({ restart, forceUpdate, containers, ...task }: TaskSpec): unknown =>
  withoutEmpty({
    ...task,
    pullCredentials: undefined,
    forceUpdate: forceUpdate === 0 ? undefined : forceUpdate,
    restart: restart && restartOf(restart),
    containers: containers.map(containerOf),
  });

const restartOf = ({ condition, maxAttempts, windowMs, ...restart }: RestartPolicy) => ({
  ...restart,
  condition: condition === 'any' ? undefined : condition,
  maxAttempts: maxAttempts === 0 ? undefined : maxAttempts,
  windowMs: windowMs === 0 ? undefined : windowMs,
});

const defaultGraceMs = 10_000;

const containerOf = ({ isolation, stopGraceMs, ...container }: ContainerSpec) => ({
  ...container,
  isolation: isolation === 'default' ? undefined : isolation,
  stopGraceMs: stopGraceMs === defaultGraceMs ? undefined : stopGraceMs,
});

/** Without objects that have nothing in them. An empty list may mean "none", where an absent one means "as the image has it". */
const withoutEmpty = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutEmpty);
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const inner = withoutEmpty(item);
    return inner === undefined ? [] : [[key, inner] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
};
