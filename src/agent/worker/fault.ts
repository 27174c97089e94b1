import type { AssignedTask } from '../../model/assignment.ts';
import type { ErrorCode, TuttiError } from '../../model/errors.ts';
import type { ActionOf } from './actions.ts';
import type { LaneName } from './context.ts';
import type { TaskRecord } from './picture/record.ts';
import { decideRestart } from './restart.ts';

/** The faults that pass by themselves: the same call is tried again after a pause. All others end the task. */
const passing: ReadonlySet<ErrorCode> = new Set(['unavailable', 'deadline-exceeded', 'cancelled']);

const isPassing = (fault: TuttiError): boolean => passing.has(fault.code);

/**
 * The pause after `faults` faults in a row, in milliseconds. It begins short for a start: in the place of a container that
 * ended a moment ago it may come before the engine has taken the address back, which is soon.
 */
function faultPause(faults: number, starting: boolean): number {
  return Math.min(30_000, (starting ? 50 : 500) * 2 ** Math.min(faults, 10));
}

/** What engines of all versions say of a host port that another container or program has. */
const portTaken = /port is already allocated|bind: address already in use|failed to bind host port/i;
/** With the pauses of a start these are one and a half seconds. */
const portTries = 5;

/**
 * Whether a start may succeed in a moment: the engine tells of a container's end before it takes its host ports back. A
 * program that is not ours keeps them for good, so this is soon given up.
 */
const mayFreePort = (fault: TuttiError, faults: number): boolean => faults < portTries && portTaken.test(fault.message);

/** Work for a task that came to nothing. */
export interface FailedWork {
  readonly lane: LaneName;
  readonly record: TaskRecord;
  readonly assigned: AssignedTask | undefined;
  /** Faults in a row before this one. */
  readonly faults: number;
  readonly fault: TuttiError;
  readonly now: number;
}

/** What passes is tried again; anything else ends a task that has not run. */
export function afterFault(work: FailedWork): { readonly kind: 'retry'; readonly at: number } | ActionOf<'end'> {
  const { lane, faults, fault, now } = work;
  const passes = isPassing(fault) || (lane === 'start' && mayFreePort(fault, faults));
  return lane === 'stop' || lane === 'remove' || passes
    ? { kind: 'retry', at: now + faultPause(faults, lane === 'start') }
    : rejected(work);
}

/** A task that never ran is the manager's to replace; one that was restarted in place goes on being so. */
function rejected({ lane, record, assigned, fault, now }: FailedWork): ActionOf<'end'> {
  const { restarts } = record;
  const run = {
    policy: assigned?.spec.restart ?? {},
    job: assigned?.job === true,
    failed: true,
    restarts,
    ranMs: 0,
    now,
  };
  const decision = restarts.length === 0 ? undefined : decideRestart(run);
  const how =
    lane === 'start'
      ? { state: 'failed' as const, message: 'cannot start', unmade: false }
      : { state: 'rejected' as const, message: 'cannot prepare', unmade: true };
  return {
    kind: 'end',
    taskId: record.id,
    ...how,
    error: fault.message,
    ...(decision?.restart === true ? { restartAt: decision.at } : {}),
  };
}
