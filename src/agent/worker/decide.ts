import type { AssignedTask } from '../../model/assignment.ts';
import type { TaskId } from '../../model/ids.ts';
import { isTerminal, movesForward } from '../../model/task.ts';
import type { Action } from './actions.ts';
import type { ContainerView } from './picture/container-view.ts';
import type { TaskRecord } from './picture/record.ts';
import { decideRestart } from './restart.ts';

/** One task of a slot with everything that a decision about it needs. */
export interface TaskView {
  readonly record: TaskRecord;
  /** The assignment that describes it: its own, else the nearest predecessor's. Absent: nobody wants it any more. */
  readonly assigned: AssignedTask | undefined;
  /** True where the assignment is its own. */
  readonly own: boolean;
  readonly containers: readonly ContainerView[];
  /** Something is being done for it; what comes next is decided when that has ended. */
  readonly busy: boolean;
  /** The engine said that the image is missing, or it is always pulled and was not yet. */
  readonly needsPull: boolean;
  /** After a fault of the engine: not tried again before this moment. */
  readonly retryAt: number;
}

/** The tasks of one slot of a service on this node, oldest first. */
export interface SlotView {
  readonly tasks: readonly TaskView[];
  readonly now: number;
  /** Ended tasks whose containers are kept for their logs: the cluster's task history limit. */
  readonly historyLimit: number;
}

/** What to do now for the tasks of one slot. */
export function decideSlot({ tasks, now, historyLimit }: SlotView): Action[] {
  const kept = keptForLogs(tasks, historyLimit);
  const occupied = tasks.some(isLeaving);
  return tasks.flatMap((task) => {
    if (task.busy) return [];
    const actions = isTerminal(task.record.state)
      ? decideEnded(task, kept, tasks)
      : decideLiving(task, { now, occupied });
    return actions.map((action) =>
      now < task.retryAt && asksEngine(action) ? { kind: 'wake', taskId: task.record.id, at: task.retryAt } : action,
    );
  });
}

/** True for what would only fail again while the pause after a fault of the engine lasts. */
function asksEngine({ kind }: Action): boolean {
  return kind === 'pull' || kind === 'prepare' || kind === 'start' || kind === 'stop' || kind === 'remove';
}

const isUnwanted = ({ assigned }: TaskView): boolean =>
  assigned === undefined || assigned.desiredState === 'shutdown' || assigned.desiredState === 'remove';

/** Not wanted any more, and not known to have stopped. */
const isLeaving = (task: TaskView): boolean =>
  isUnwanted(task) && (task.busy || task.containers.some(({ state }) => state === 'running'));

/** What a decision about one task knows of the rest of its slot. */
interface Moment {
  readonly now: number;
  /** A task that is leaving may still run there. */
  readonly occupied: boolean;
}

function decideLiving(task: TaskView, moment: Moment): Action[] {
  return isUnwanted(task) ? decideStop(task) : decideRun(task, moment);
}

/**
 * The newest ended tasks that still have a container and are history: the manager has a row for them, or has not been told
 * of them yet. While a successor is on its way none goes, so that the engine's time is the successor's.
 */
function keptForLogs(tasks: readonly TaskView[], limit: number): Set<TaskId> {
  const settling = tasks.some(({ record }) => !isTerminal(record.state) && record.state !== 'running');
  const ended = tasks.filter(
    ({ record, containers, assigned }) =>
      isTerminal(record.state) && containers.length > 0 && assigned !== undefined && assigned.desiredState !== 'remove',
  );
  const count = settling ? limit + 1 : limit;
  return new Set(ended.slice(Math.max(0, ended.length - count)).map(({ record }) => record.id));
}

function decideEnded(task: TaskView, kept: ReadonlySet<TaskId>, tasks: readonly TaskView[]): Action[] {
  const { record, containers, own } = task;
  const taskId = record.id;
  const stray = containers.some(({ state }) => state === 'running');
  if (containers.length > 0 && (stray || !kept.has(taskId))) return [{ kind: 'remove', taskId }];
  if (containers.length === 0 && !own && !isLink(record, tasks)) return [{ kind: 'forget', taskId }];
  return [];
}

/** Links kept of a lineage that goes on and on without the manager. */
const linksKept = 10;

/** True while a task that the manager does not know yet is found through this one. */
function isLink(record: TaskRecord, tasks: readonly TaskView[]): boolean {
  const next = tasks.findIndex((task) => task.record.id === record.successor);
  const found = tasks[next];
  return found !== undefined && !found.own && found.assigned !== undefined && tasks.length - next <= linksKept;
}

function decideStop({ record, containers }: TaskView): Action[] {
  const taskId = record.id;
  if (containers.some(({ state }) => state === 'running')) return [{ kind: 'stop', taskId, reason: 'asked' }];
  return [{ kind: 'end', taskId, state: 'shutdown', message: 'shutdown' }];
}

function decideRun(task: TaskView, moment: Moment): Action[] {
  const { now } = moment;
  const { record, containers, assigned } = task;
  const names = assigned?.spec.containers.map(({ name }) => name) ?? [];
  const found = names.flatMap((name) => containers.find((container) => container.name === name) ?? []);
  const begun = record.state === 'starting' || record.state === 'running';
  if (record.stopping !== undefined || found.some((container) => isOver(container)))
    return decideOver(task, found, now);
  if (begun && found.length < names.length) return [endOf(task, found, now, 'a container of the task was removed')];
  if (found.length < names.length) return [{ kind: task.needsPull ? 'pull' : 'prepare', taskId: record.id }];
  if (found.some(({ state }) => state === 'created')) return decideStart(task, moment);
  return decideReport(task, found);
}

const isOver = ({ state, health }: ContainerView): boolean => state === 'ended' || health === 'unhealthy';

/** One container is over, so the task is: the others are stopped, then it has ended. */
function decideOver(task: TaskView, found: readonly ContainerView[], now: number): Action[] {
  const { record } = task;
  if (found.every(({ state }) => state !== 'running')) return [endOf(task, found, now)];
  if (record.stopping !== undefined) return [stopOf(task, record.stopping, record.error)];
  if (isFinishingJob(task, found)) return [];
  const unhealthy = found.some(({ state, health }) => state === 'running' && health === 'unhealthy');
  return [stopOf(task, unhealthy ? 'unhealthy' : 'sibling', unhealthy ? 'unhealthy container' : errorOf(found))];
}

function stopOf({ record }: TaskView, reason: NonNullable<TaskRecord['stopping']>, error: string | undefined): Action {
  return { kind: 'stop', taskId: record.id, reason, ...(error === undefined ? {} : { error }) };
}

/** The containers of a job end one after another; it is over when all have, or when one failed. */
function isFinishingJob({ assigned }: TaskView, found: readonly ContainerView[]): boolean {
  return (
    assigned?.job === true &&
    found.every(({ state, exitCode, health }) => (state === 'ended' ? exitCode === 0 : health !== 'unhealthy'))
  );
}

function endOf(task: TaskView, found: readonly ContainerView[], now: number, gone?: string): Action {
  const { record, assigned } = task;
  const error = gone ?? (record.stopping === undefined ? errorOf(found) : record.error);
  const state = error === undefined ? 'complete' : 'failed';
  const decision = decideRestart({
    policy: assigned?.spec.restart ?? {},
    job: assigned?.job === true,
    failed: error !== undefined,
    restarts: record.restarts,
    ranMs: record.state === 'running' ? now - record.since : 0,
    now,
  });
  return {
    kind: 'end',
    taskId: record.id,
    state,
    message: decision.restart ? `${state}; restarted in place` : `${state}: ${decision.reason}`,
    ...(error === undefined ? {} : { error }),
    ...(decision.restart ? { restartAt: decision.at } : {}),
  };
}

/** Why the containers that have ended mean a failure; undefined where they do not. */
function errorOf(found: readonly ContainerView[]): string | undefined {
  const failed = found.find(({ state, exitCode }) => state === 'ended' && exitCode !== 0);
  if (failed === undefined) return undefined;
  const code = failed.exitCode ?? 'unknown';
  if (failed.lost === true) return `lost when its node or engine went down (exit code ${code})`;
  // Swarm's own words, which people and tools look for.
  return failed.oomKilled === true ? `out of memory: non-zero exit (${code})` : `task: non-zero exit (${code})`;
}

function decideStart({ record, assigned }: TaskView, { now, occupied }: Moment): Action[] {
  const taskId = record.id;
  const ready = { kind: 'report', taskId, state: 'ready' } as const;
  if (assigned?.desiredState === 'ready') return reportOnce(record, { ...ready, message: 'prepared' });
  // An agent that missed something may have gone on with another: its end is looked at, and then this one.
  if (occupied)
    return reportOnce(record, { ...ready, message: 'prepared; starts when the task before it has stopped' });
  if (now >= record.startAt) return [{ kind: 'start', taskId }];
  const message = `prepared; starts at ${new Date(record.startAt).toISOString()}`;
  return [...reportOnce(record, { ...ready, message }), { kind: 'wake', taskId, at: record.startAt }];
}

function decideReport({ record }: TaskView, found: readonly ContainerView[]): Action[] {
  const taskId = record.id;
  if (found.some(({ health }) => health === 'starting')) {
    return reportOnce(record, { kind: 'report', taskId, state: 'starting', message: 'waiting for the health check' });
  }
  return reportOnce(record, { kind: 'report', taskId, state: 'running', message: 'started' });
}

function reportOnce(record: TaskRecord, report: Extract<Action, { kind: 'report' }>): Action[] {
  const changed =
    record.state === report.state ? record.message !== report.message : movesForward(record.state, report.state);
  return changed ? [report] : [];
}
