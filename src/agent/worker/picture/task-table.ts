import type { TaskId } from '../../../model/ids.ts';
import type { TaskRecord } from './record.ts';

/** A task of this node with what is only known while the agent runs. */
export interface TaskEntry {
  record: TaskRecord;
  busy: boolean;
  /** Not told as it is now before its successor is durable. */
  held: boolean;
  needsPull: boolean;
  /** The image that the engine said it lacks: it is fetched even if the engine says otherwise when it is asked. */
  missing?: string | undefined;
  /** Attempts in a row that came to nothing, for a fault of the engine or for want of a secret. */
  faults: number;
  /** The engine is asked nothing for the task before this. */
  retryAt: number;
}

/** The node's tasks, by their slots too. */
export interface TaskTable {
  readonly entries: ReadonlyMap<TaskId, TaskEntry>;
  add(record: TaskRecord, needsPull: boolean): TaskEntry;
  remove(taskId: TaskId): void;
  /** Removes a task; those before and after it in its lineage are joined. */
  forget(taskId: TaskId): void;
  inSlot(slot: string): TaskEntry[];
  slots(): Iterable<string>;
}

export function createTaskTable(): TaskTable {
  const entries = new Map<TaskId, TaskEntry>();
  const bySlot = new Map<string, Set<TaskId>>();
  const find = (taskId: TaskId | undefined): TaskEntry | undefined =>
    taskId === undefined ? undefined : entries.get(taskId);
  const remove = (taskId: TaskId): void => {
    const slot = entries.get(taskId)?.record.slot;
    entries.delete(taskId);
    if (slot === undefined) return;
    bySlot.get(slot)?.delete(taskId);
    if (bySlot.get(slot)?.size === 0) bySlot.delete(slot);
  };
  return {
    entries,
    add(record, needsPull) {
      const entry: TaskEntry = { record, busy: false, held: false, needsPull, faults: 0, retryAt: 0 };
      entries.set(record.id, entry);
      let slot = bySlot.get(record.slot);
      if (slot === undefined) bySlot.set(record.slot, (slot = new Set()));
      slot.add(record.id);
      return entry;
    },
    remove,
    forget(taskId) {
      const record = entries.get(taskId)?.record;
      remove(taskId);
      const before = find(record?.predecessor);
      const after = find(record?.successor);
      if (before === undefined || after === undefined) return;
      before.record = { ...before.record, successor: after.record.id };
      after.record = { ...after.record, predecessor: before.record.id };
    },
    inSlot: (slot) => [...(bySlot.get(slot) ?? [])].flatMap((id) => entries.get(id) ?? []),
    slots: () => bySlot.keys(),
  };
}
