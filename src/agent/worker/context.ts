import type { AssignedTask } from '../../model/assignment.ts';
import type { TaskId } from '../../model/ids.ts';
import type { FileSources } from '../executor/files.ts';
import type { NodeIdentity } from '../executor/labels.ts';
import type { ContainerView } from './picture/container-view.ts';
import type { HealthChecks } from './launch.ts';
import type { NodeTasks } from './picture/node-tasks.ts';
import type { TaskEntry } from './picture/task-table.ts';
import type { TaskWork, WorkerPorts } from './ports.ts';
import type { TaskRecord } from './picture/record.ts';
import type { Withdrawals } from './withdrawals.ts';

/** Kinds of work, each with a bound of its own; `start` goes before `launch` in the same lane. */
export type LaneName = 'launch' | 'start' | 'pull' | 'stop' | 'remove';

/** What the handlers of actions work with. */
export interface WorkerContext {
  readonly ports: WorkerPorts;
  readonly tasks: NodeTasks;
  readonly health: HealthChecks;
  readonly sources: FileSources;
  /** Ids of images that the engine has, but not under the name (with a digest) that tasks have for them. */
  readonly imageIds: Map<string, string>;
  node(signal: AbortSignal): Promise<NodeIdentity>;
  /** The API version that is spoken with the engine. */
  engineApi(signal: AbortSignal): Promise<string>;
  pullImage(
    image: string,
    assigned: AssignedTask,
    signal: AbortSignal,
    onProgress: (status: string) => void,
  ): Promise<void>;
  /** Does something for a task in its lane. The task is busy until then; faults are dealt with in one place. */
  work(lane: LaneName, taskId: TaskId, work: TaskWork): void;
  entry(taskId: TaskId): TaskEntry;
  /** Its record and assignment. @throws TuttiError `cancelled` when nobody wants it any more. */
  task(taskId: TaskId): { readonly record: TaskRecord; readonly assigned: AssignedTask };
  /** Changes a record and tells of it; the slot is looked at again. */
  update(taskId: TaskId, change: (record: TaskRecord, now: number) => TaskRecord): void;
  /** Changes a record without telling (yet). */
  hold(taskId: TaskId, record: TaskRecord): void;
  /** Tells what the task is now, if that has changed. */
  publish(taskId: TaskId): void;
  /** A container is known to be so now. */
  seen(view: ContainerView): void;
  /** Calls once when the container is known to have ended, or to be gone. */
  onEnd(containerId: string, call: () => void): Disposable;
  /** Nothing is tried for the task until the assignments change or some time has passed. */
  wait(taskId: TaskId, message: string): void;
  forgotten(taskId: TaskId): void;
  look(slot: string): void;
  /** The task's slot is looked at again then. */
  wakeAt(taskId: TaskId, at: number): void;
  readonly withdrawals: Pick<Withdrawals, 'wait'>;
  flush(): Promise<void>;
}
