import type { AssignedTask, Assignment } from '../../model/assignment.ts';
import type { TaskId } from '../../model/ids.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { EngineEvent } from '../executor/engine.ts';
import { assigned, assignedSelf } from '../network/endpoints.ts';
import { viewAfterEvent } from './container-view.ts';
import type { ContainerView } from './container-view.ts';
import type { SlotView, TaskView } from './decide.ts';
import { newRecord } from './record.ts';
import type { TaskRecord } from './record.ts';

export type Assignments = ReadonlyMap<string, Assignment>;

/** A task of this node with what is only known while the agent runs. */
export interface TaskEntry {
  record: TaskRecord;
  busy: boolean;
  /** Not told as it is now before its successor is durable. */
  held: boolean;
  needsPull: boolean;
  /** Attempts in a row that came to nothing, for a fault of the engine or for want of a secret. */
  faults: number;
  /** The engine is asked nothing for the task before this. */
  retryAt: number;
}

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
  const entries = new Map<TaskId, TaskEntry>();
  const bySlot = new Map<string, Set<TaskId>>();
  const containers = new Map<string, { readonly view: ContainerView; readonly touched: number }>();
  const byTask = new Map<TaskId, Set<string>>();
  let assignments: Assignments = new Map();
  let historyLimit = defaultHistoryLimit;
  let clock = 0;
  /** Containers that went while a listing was under way, which may still tell of them. */
  let gone: Set<string> | undefined;

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

  const add = (record: TaskRecord): TaskEntry => {
    const entry: TaskEntry = {
      record,
      busy: false,
      held: false,
      needsPull: pullsAlways(assignmentOf(record)),
      faults: 0,
      retryAt: 0,
    };
    entries.set(record.id, entry);
    let slot = bySlot.get(record.slot);
    if (slot === undefined) bySlot.set(record.slot, (slot = new Set()));
    slot.add(record.id);
    return entry;
  };

  const deleteTask = (id: TaskId): void => {
    const slot = entries.get(id)?.record.slot;
    entries.delete(id);
    if (slot === undefined) return;
    bySlot.get(slot)?.delete(id);
    if (bySlot.get(slot)?.size === 0) bySlot.delete(slot);
  };

  const setContainer = (view: ContainerView): string => {
    containers.set(view.id, { view, touched: ++clock });
    let ids = byTask.get(view.taskId);
    if (ids === undefined) byTask.set(view.taskId, (ids = new Set()));
    ids.add(view.id);
    return adopt(view);
  };

  /** A container that no record tells of: the agent was killed before it wrote, or lost its disk. */
  const adopt = (view: ContainerView): string => {
    const known = entries.get(view.taskId);
    if (known !== undefined) return known.record.slot;
    const row = taskRow(view.taskId) ?? (view.root === undefined ? undefined : taskRow(view.root));
    const slot = row === undefined ? `?/${view.taskId}` : slotOf(row);
    const record: TaskRecord = {
      ...newRecord(view.taskId, slot, 0),
      root: view.root ?? view.taskId,
      ...(view.predecessor === undefined ? {} : { predecessor: view.predecessor }),
      message: 'adopted',
    };
    add(record);
    if (view.predecessor !== undefined) linkPredecessor(record, view.predecessor);
    return slot;
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
    const view = containers.get(id)?.view;
    if (view === undefined) return undefined;
    clock += 1;
    gone?.add(id);
    containers.delete(id);
    const ids = byTask.get(view.taskId);
    ids?.delete(id);
    if (ids?.size === 0) byTask.delete(view.taskId);
    return entries.get(view.taskId)?.record.slot;
  };

  const containersOf = (taskId: TaskId): ContainerView[] =>
    [...(byTask.get(taskId) ?? [])].flatMap((id) => containers.get(id)?.view ?? []);

  return {
    entries,
    get: (taskId) => entries.get(taskId),
    add,
    delete(taskId) {
      const record = entries.get(taskId)?.record;
      deleteTask(taskId);
      const before = record?.predecessor === undefined ? undefined : entries.get(record.predecessor);
      const after = record?.successor === undefined ? undefined : entries.get(record.successor);
      if (record === undefined || before === undefined || after === undefined) return;
      before.record = { ...before.record, successor: after.record.id };
      after.record = { ...after.record, predecessor: before.record.id };
    },
    assignments: () => assignments,
    assignmentOf,
    assign(next, now) {
      const before = assignments;
      assignments = next;
      const changed = new Set<string>();
      const limit = assignedSelf(next)?.taskHistoryLimit ?? historyLimit;
      if (limit !== historyLimit) for (const slot of bySlot.keys()) changed.add(slot);
      historyLimit = limit;
      for (const row of assigned(next, 'task')) {
        if (before.get(assignmentKey(row)) === row) continue;
        const known = entries.get(row.id);
        if (known === undefined || known.record.slot.startsWith('?')) {
          deleteTask(row.id);
          add({ ...(known?.record ?? newRecord(row.id, slotOf(row), now)), slot: slotOf(row) });
        }
        changed.add(slotOf(row));
      }
      for (const row of assigned(before, 'task')) if (!next.has(assignmentKey(row))) changed.add(slotOf(row));
      return changed;
    },
    containersOf,
    setContainer,
    dropContainer,
    observe(event) {
      const view = viewAfterEvent(containers.get(event.id)?.view, event);
      return view === undefined ? dropContainer(event.id) : setContainer(view);
    },
    mark() {
      gone = new Set();
      return clock;
    },
    compare(listed, mark) {
      const changed = new Set<string>();
      const present = new Set<string>();
      for (const view of listed) {
        present.add(view.id);
        if (gone?.has(view.id) === true) continue;
        const known = containers.get(view.id);
        if (known !== undefined && (known.touched > mark || isSame(known.view, view))) continue;
        changed.add(setContainer({ ...known?.view, ...view }));
      }
      for (const [id, known] of containers) {
        if (present.has(id) || known.touched > mark) continue;
        const slot = dropContainer(id);
        if (slot !== undefined) changed.add(slot);
      }
      gone = undefined;
      return changed;
    },
    container: (id) => containers.get(id)?.view,
    slotView(slot, now) {
      const tasks = [...(bySlot.get(slot) ?? [])].flatMap((id): TaskView[] => {
        const entry = entries.get(id);
        if (entry === undefined) return [];
        const { record, busy, needsPull, retryAt } = entry;
        const assigned = assignmentOf(record);
        const own = assigned?.id === id;
        return [{ record, assigned, own, containers: containersOf(id), busy, needsPull, retryAt }];
      });
      return { tasks, now, historyLimit };
    },
    slots: () => bySlot.keys(),
  };
}

/** Until the manager has said. */
const defaultHistoryLimit = 1;

/** Key of the slot that a task fills on this node. */
export function slotOf(task: Pick<AssignedTask, 'serviceId' | 'slot'>): string {
  return `${task.serviceId}/${task.slot ?? 'node'}`;
}

function pullsAlways(task: AssignedTask | undefined): boolean {
  return task?.spec.containers.some(({ pullPolicy }) => pullPolicy === 'always') === true;
}

function isSame(a: ContainerView, b: ContainerView): boolean {
  return a.state === b.state && a.health === b.health && (a.exitCode === b.exitCode || b.exitCode === undefined);
}
