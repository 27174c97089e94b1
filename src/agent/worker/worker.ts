import { TuttiError } from '../../model/errors.ts';
import type { TaskId } from '../../model/ids.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { LogChunk, LogOptions } from '../session/ports.ts';
import { WorkerCore } from './core.ts';
import { taskLogs } from './logs.ts';
import type { LogSource } from './logs.ts';
import type { Assignments } from './picture/node-tasks.ts';
import type { WorkerOptions, WorkerPorts } from './ports.ts';
import { watchEngine } from './watch.ts';
import type { WatchListener } from './watch.ts';

/** The reconciler of one node's containers. */
export interface Worker extends AsyncDisposable {
  /**
   * Takes the whole set; it returns at once and works on the difference. Work begins with the first one: until then
   * nothing on the engine is touched, because nothing is known to be wanted or not.
   */
  apply(assignments: Assignments): void;
  /** Everything that is known of tasks now. */
  observations(): readonly TaskObservation[];
  /** Calls the listener synchronously with each new observation. */
  subscribe(listener: (observation: TaskObservation) => void): Disposable;
  /** @throws TuttiError `not-found` when the task has no container on this node. */
  logs(taskId: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogChunk>;
  /** These tasks are to stop, and nobody gives them anything new: their stop need not wait any longer. */
  withdrawn(taskIds: readonly TaskId[]): void;
  /** For how long the engine has not answered, in milliseconds; undefined while it does. */
  engineAwayMs(): number | undefined;
  /** Resolves when the engine has been listed for the first time: observations are then what runs. */
  listed(): Promise<void>;
}

const defaultCompareMs = 30_000;

/** Containers outlive it: disposing stops the work, not them. */
export function createWorker(ports: WorkerPorts, options: WorkerOptions = {}): Worker {
  const stopped = new AbortController();
  const core = new WorkerCore(ports, options, stopped.signal);
  let assignments: Assignments | undefined;
  let loaded = false;
  let life: Promise<void> | undefined;
  const firstListing = Promise.withResolvers<void>();
  const listener: WatchListener = {
    mark: () => core.mark(),
    listed: (containers, mark) => {
      core.listed(containers, mark);
      firstListing.resolve();
    },
    event: (event) => core.event(event),
    lost: (...told: Parameters<WatchListener['lost']>) => core.lost(...told),
  };

  const live = async (): Promise<void> => {
    core.restore(await loadRecords(ports));
    loaded = true;
    core.apply(assignments ?? new Map());
    await watchEngine(ports, listener, options.compareMs ?? defaultCompareMs, stopped.signal);
  };

  return {
    apply(next) {
      assignments = next;
      if (loaded) core.apply(next);
      life ??= live();
    },
    observations: () => core.observations(),
    subscribe: (listener) => core.subscribe(listener),
    logs: (taskId, logOptions, signal) => taskLogs(ports.engine, taskId, logSources(core, taskId), logOptions, signal),
    withdrawn: (taskIds) => core.withdrawals.told(taskIds),
    engineAwayMs: () => core.engineAwayMs(),
    listed: () => firstListing.promise,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await life;
      await core.idle();
    },
  };
}

async function loadRecords(ports: WorkerPorts) {
  try {
    return await ports.records.load();
  } catch (cause) {
    ports.log.warn('cannot read the task records; containers are adopted by their labels', {
      error: TuttiError.from(cause).message,
    });
    return [];
  }
}

function logSources({ tasks }: WorkerCore, taskId: string): LogSource[] {
  const record = [...tasks.entries.values()].find((entry) => entry.record.id === taskId)?.record;
  if (record === undefined) return [];
  const specs = tasks.assignmentOf(record)?.spec.containers ?? [];
  return tasks.containersOf(record.id).map((view) => ({
    view,
    tty: specs.find(({ name }) => name === view.name)?.tty === true,
  }));
}
