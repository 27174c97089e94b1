import { hasEnded, isReady, isWanted, placeOf } from '../task/known.ts';
import type { KnownTask } from '../task/known.ts';

/** How far one place (a slot, or the node of a global service) has come towards the current version. */
export type Progress =
  | { readonly kind: 'outdated'; readonly old: KnownTask }
  /** The new task is not ready yet; `old` while it still serves beside it (start-first). */
  | { readonly kind: 'starting'; readonly task: KnownTask; readonly old?: KnownTask }
  | { readonly kind: 'running'; readonly task: KnownTask; readonly since: number; readonly old?: KnownTask };

export interface Place {
  readonly progress: Progress;
  /** The task of the current version that failed here since the update began, if one did. */
  readonly failed?: KnownTask;
}

export interface PlaceOptions {
  readonly specVersion: number;
  readonly monitorMs: number;
  readonly startedAt: number;
}

/** The places of a service that have a wanted task. */
export const placesOf = (tasks: readonly KnownTask[], options: PlaceOptions): readonly Place[] => {
  const places: Place[] = [];
  for (const group of Map.groupBy(tasks, ({ task }) => placeOf(task)).values()) {
    const progress = progressOf(
      group.filter(({ task }) => isWanted(task)),
      options.specVersion,
    );
    if (progress === undefined) continue;
    const failed = group.find((known) => hasFailed(known, options));
    places.push(failed === undefined ? { progress } : { progress, failed });
  }
  return places;
};

const progressOf = (wanted: readonly KnownTask[], specVersion: number): Progress | undefined => {
  const current = wanted.find(({ task }) => task.specVersion === specVersion);
  const old = wanted.find(({ task }) => task.specVersion !== specVersion);
  if (current === undefined) return old === undefined ? undefined : { kind: 'outdated', old };
  const beside = old === undefined ? {} : { old };
  if (!isReady(current)) return { kind: 'starting', task: current, ...beside };
  return { kind: 'running', task: current, since: runningSince(current), ...beside };
};

/** By the manager's clock where it saw the task begin, else by the node's. */
export const runningSince = ({ task, status, runningSince: seen }: KnownTask): number =>
  seen ?? Math.max(task.createdAt, status.timestamp);

/** Ended by itself, not because it was asked to, and before it had run for the time that it is watched. */
const hasFailed = (known: KnownTask, { specVersion, monitorMs, startedAt }: PlaceOptions): boolean => {
  const { task, status } = known;
  if (task.specVersion !== specVersion || task.createdAt < startedAt || !hasEnded(known)) return false;
  const byItself =
    status.state === 'failed' || status.state === 'rejected' || (status.state === 'complete' && endedUnasked(known));
  return byItself && (known.runningSince === undefined || status.timestamp - known.runningSince <= monitorMs);
};

const endedUnasked = ({ task, status }: KnownTask): boolean => isWanted(task) || status.successor !== undefined;
