import type { AssignedTask, Assignment } from '../../../model/assignment.ts';
import type { TaskId } from '../../../model/ids.ts';
import { assignmentKey } from '../../../model/protocol.ts';
import type { EngineEvent } from '../../executor/engine.ts';
import { assigned, assignedSelf } from '../../network/endpoints.ts';
import { viewAfterEvent } from './container-view.ts';
import type { ContainerView } from './container-view.ts';
import { createKnownContainers } from './known-containers.ts';
import type { SlotView, TaskView } from '../decide.ts';
import { newRecord } from './record.ts';
import type { TaskRecord } from './record.ts';
import { createTaskTable } from './task-table.ts';
import type { TaskEntry } from './task-table.ts';

export type Assignments = ReadonlyMap<string, Assignment>;

export interface NodeTasks {
  readonly entries: ReadonlyMap<TaskId, TaskEntry>;
  get(taskId: TaskId): TaskEntry | undefined;
  add(record: TaskRecord): TaskEntry;
  /** Forgets a task; those before and after it in its lineage are joined. */
  delete(taskId: TaskId): void;
  assignments(): Assignments;
  /** The assignment that describes a task: its own, else the nearest predecessor's. */
  assignmentOf(record: TaskRecord): AssignedTask | undefined;
  /** Takes the whole set and gives the slots that it changes something for. */
  assign(assignments: Assignments, now: number): Set<string>;
  containersOf(taskId: TaskId): ContainerView[];
  /** Replaces a container's view (or drops it) as of now; gives the slot of its task. */
  setContainer(view: ContainerView): string;
  dropContainer(id: string): string | undefined;
  observe(event: EngineEvent): string | undefined;
  /** What is known changes with time: a listing begun at this mark does not overwrite what came later. */
  mark(): number;
  /** Takes a whole listing begun at `mark`; gives the slots where something differed. */
  compare(listed: readonly ContainerView[], mark: number): Set<string>;
  container(id: string): ContainerView | undefined;
  slotView(slot: string, now: number): SlotView;
  slots(): Iterable<string>;
}

/** The agent's picture of its node: tasks by slot, containers by task. No I/O and no decisions. */
export function createNodeTasks(): NodeTasks {
  const table = createTaskTable();
  const { entries } = table;
  const containers = createKnownContainers();
  let assignments: Assignments = new Map();
  let historyLimit = defaultHistoryLimit;

  const taskRow = (id: string): AssignedTask | undefined => {
    const row = assignments.get(`task:${id}`);
    return row?.kind === 'task' ? row : undefined;
  };

  const assignmentOf = (record: TaskRecord): AssignedTask | undefined => {
    let current: TaskRecord | undefined = record;
    while (current !== undefined) {
      const row = taskRow(current.id);
      if (row !== undefined) return row;
      current = current.predecessor === undefined ? undefined : entries.get(current.predecessor)?.record;
    }
    return taskRow(record.root);
  };

  const add = (record: TaskRecord): TaskEntry => table.add(record, pullsAlways(assignmentOf(record)));

  const setContainer = (view: ContainerView): string => {
    containers.set(view);
    return adopt(view);
  };

  /** A container that no record tells of: the agent was killed before it wrote, or lost its disk. */
  const adopt = (view: ContainerView): string => {
    const known = entries.get(view.taskId);
    if (known !== undefined) return known.record.slot;
    const record = adopted(view, taskRow(view.taskId) ?? (view.root && taskRow(view.root)));
    add(record);
    if (view.predecessor !== undefined) linkPredecessor(record, view.predecessor);
    return record.slot;
  };

  /** The container's label says whom it replaced, so that one must not be started again. */
  const linkPredecessor = (record: TaskRecord, predecessor: TaskId): void => {
    const before = entries.get(predecessor);
    const ended = { state: 'failed', message: 'restarted in place', successor: record.id } as const;
    if (before === undefined) {
      add({ ...newRecord(predecessor, record.slot, 0), root: record.root, ...ended });
    } else if (before.record.successor === undefined) {
      before.record = { ...before.record, ...ended };
    }
  };

  const dropContainer = (id: string): string | undefined => {
    const view = containers.drop(id);
    return view && entries.get(view.taskId)?.record.slot;
  };

  return {
    entries,
    get: (taskId) => entries.get(taskId),
    add,
    delete: table.forget,
    assignments: () => assignments,
    assignmentOf,
    assign(next, now) {
      const before = assignments;
      assignments = next;
      const changed = new Set<string>();
      const limit = assignedSelf(next)?.taskHistoryLimit ?? historyLimit;
      if (limit !== historyLimit) for (const slot of table.slots()) changed.add(slot);
      historyLimit = limit;
      for (const row of assigned(next, 'task')) {
        if (before.get(assignmentKey(row)) === row) continue;
        const known = entries.get(row.id);
        if (known === undefined || known.record.slot.startsWith('?')) {
          table.remove(row.id);
          add({ ...(known?.record ?? newRecord(row.id, slotOf(row), now)), slot: slotOf(row) });
        }
        changed.add(slotOf(row));
      }
      for (const row of assigned(before, 'task')) if (!next.has(assignmentKey(row))) changed.add(slotOf(row));
      return changed;
    },
    containersOf: containers.of,
    setContainer,
    dropContainer,
    observe(event) {
      const view = viewAfterEvent(containers.get(event.id), event);
      return view === undefined ? dropContainer(event.id) : setContainer(view);
    },
    mark: containers.mark,
    compare(listed, mark) {
      const { changed, gone } = containers.compare(listed, mark);
      return new Set([...changed.map(setContainer), ...gone.flatMap((id) => dropContainer(id) ?? [])]);
    },
    container: containers.get,
    slotView(slot, now) {
      const tasks = table.inSlot(slot).map(({ record, busy, needsPull, retryAt }): TaskView => {
        const assigned = assignmentOf(record);
        const own = assigned?.id === record.id;
        return { record, assigned, own, containers: containers.of(record.id), busy, needsPull, retryAt };
      });
      return { tasks, now, historyLimit };
    },
    slots: table.slots,
  };
}

/** Until the manager has said. */
const defaultHistoryLimit = 1;

/** Key of the slot that a task fills on this node. */
export function slotOf(task: Pick<AssignedTask, 'serviceId' | 'slot'>): string {
  return `${task.serviceId}/${task.slot ?? 'node'}`;
}

/** What can be told of a task from a container of it. */
function adopted(view: ContainerView, row: AssignedTask | undefined): TaskRecord {
  return {
    ...newRecord(view.taskId, row === undefined ? `?/${view.taskId}` : slotOf(row), 0),
    root: view.root ?? view.taskId,
    ...(view.predecessor === undefined ? {} : { predecessor: view.predecessor }),
    message: 'adopted',
  };
}

function pullsAlways(task: AssignedTask | undefined): boolean {
  return task?.spec.containers.some(({ pullPolicy }) => pullPolicy === 'always') === true;
}
