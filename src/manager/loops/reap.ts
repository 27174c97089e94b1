import { beyondHistory, endingOf } from '../../core/orchestrate/history.ts';
import type { Ending } from '../../core/orchestrate/history.ts';
import { isWanted, placeOf, standingOf } from '../../core/task/known.ts';
import type { Service } from '../../model/service.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task } from '../../model/task.ts';
import type { Change, Commit, Store, Transaction, View } from '../../store/store.ts';
import { knownIn, placeIn, predecessorsOf, statusesOn, unadopted } from '../observed.ts';
import { startLoop } from './loop.ts';
import type { LoopPorts } from './loop.ts';

/**
 * Makes the end of tasks durable, keeps so many ended tasks per place as history, and deletes the rows of removed ones
 * once nothing of them can be running.
 */
export const startReapLoop = (ports: LoopPorts): AsyncDisposable => {
  const { store, clock } = ports;
  return startLoop(
    {
      name: 'reap',
      dirty: (commit, mark) => noteCommit(store.view, commit, mark),
      all: tasksToReap,
      pass: async (taskIds) => {
        const { value: deleted } = await store.update((transaction) => reap(transaction, taskIds, clock.now()));
        forget(store, deleted);
      },
    },
    ports,
  );
};

function* tasksToReap(view: View): Iterable<string> {
  for (const { id } of view.list('task')) yield id;
  for (const { taskId } of view.list('taskStatus')) yield taskId;
}

const noteCommit = (view: View, commit: Commit, mark: (taskId: string) => void): void => {
  for (const change of commit.changes) noteChange(view, change, mark);
};

const noteChange = (view: View, change: Change, mark: (taskId: string) => void): void => {
  if (change.table === 'taskStatus') {
    const { id, after, before } = change;
    if (after !== undefined && !isTerminal(after.state)) return;
    mark(id);
    const nodeId = (after ?? before)?.nodeId;
    if (nodeId !== undefined && view.get('task', id) === undefined) {
      // One that an agent started by itself, and nobody adopted, kept the tasks before it from being over.
      for (const task of predecessorsOf(view, nodeId, id)) mark(task.id);
    }
    // What is remembered of a successor only for its predecessor's sake goes with it.
    if (after === undefined && before?.successor !== undefined) mark(before.successor);
  } else if (change.table === 'task') {
    if (change.after !== undefined && !isWanted(change.after)) mark(change.id);
  } else if (change.table === 'service' && isMoving(change.before) && !isMoving(change.after)) {
    for (const { id } of view.find('task', 'service', change.id)) mark(id);
  } else if (change.table === 'cluster') {
    const limit = change.after?.spec.taskHistoryLimit;
    if (limit === change.before?.spec.taskHistoryLimit) return;
    for (const task of view.list('task')) if (!isWanted(task)) mark(task.id);
  } else if (change.table === 'node' && change.after === undefined) {
    for (const { id } of view.find('task', 'node', change.id)) mark(id);
    for (const { taskId } of view.find('taskStatus', 'node', change.id)) mark(taskId);
  }
};

/** Returns the ids of the tasks whose rows are gone. */
const reap = (transaction: Transaction, taskIds: Iterable<string>, now: number): readonly string[] => {
  const deleted: string[] = [];
  const touched = new Map<string, Task>();
  const facts = { ...factsOf(transaction), now };
  for (const id of taskIds) {
    const task = transaction.get('task', id);
    if (task === undefined) {
      deleted.push(id);
      continue;
    }
    const ending = endingOf(knownIn(transaction, task), facts);
    end(transaction, task, ending);
    if (ending.kind === 'delete') deleted.push(id);
    else if (!isWanted(task)) touched.set(`${task.serviceId} ${placeOf(task)}`, task);
  }
  const [cluster] = transaction.list('cluster');
  const limit = cluster?.spec.taskHistoryLimit ?? 0;
  for (const task of touched.values()) {
    if (isUpdating(transaction, task)) continue;
    for (const { task: old } of beyondHistory(placeIn(transaction, task), limit, facts)) {
      transaction.delete('task', old.id);
      deleted.push(old.id);
    }
  }
  return deleted;
};

const end = (transaction: Transaction, task: Task, ending: Ending): void => {
  switch (ending.kind) {
    case 'keep':
      return;
    case 'record':
      transaction.update('task', { ...task, finalStatus: ending.status });
      return;
    case 'delete':
      transaction.delete('task', task.id);
      return;
  }
};

const factsOf = (view: View) => ({
  standing: (nodeId: string) => standingOf(view.get('node', nodeId), view.get('nodeStatus', nodeId)),
  observed: unadopted(view),
});

/** What an update has to count as failures must not be forgotten while it runs. */
const isUpdating = (view: View, { serviceId }: Task): boolean => isMoving(view.get('service', serviceId));

const isMoving = (service: Service | undefined): boolean =>
  service?.updateStatus?.state === 'updating' || service?.updateStatus?.state === 'rollback_started';

/**
 * Soft rows go with their tasks. One that still runs without a row is an agent's, which is told to stop it, unless its node is gone. One that is
 * named as a successor may yet be adopted, and there is nobody to say again how it ended.
 */
const forget = (store: Store, taskIds: readonly string[]): void => {
  const gone = taskIds.filter((id) => {
    const status = store.view.get('taskStatus', id);
    if (status === undefined || store.view.get('task', id) !== undefined) return false;
    if (status.nodeId === undefined || store.view.get('node', status.nodeId) === undefined) return true;
    return isTerminal(status.state) && !isSuccessor(store.view, id, status.nodeId);
  });
  if (gone.length > 0) store.observe((soft) => gone.forEach((id) => soft.drop('taskStatus', id)));
};

const isSuccessor = (view: View, taskId: string, nodeId: string): boolean => {
  for (const { successor } of statusesOn(view, nodeId)) if (successor === taskId) return true;
  return false;
};
