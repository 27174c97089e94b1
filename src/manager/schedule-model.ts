import { ClusterModel } from '../core/schedule/model.ts';
import { hasLiveSuccessor } from '../core/task/known.ts';
import { isTerminal } from '../model/task.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import type { Change, ChangeOf, View } from '../store/store.ts';
import { predecessorsOf, unadopted } from './observed.ts';
import { placesOf } from './volumes/places.ts';

/** Ids of what changed since the model was last told. */
export class Changed {
  readonly node = new Set<string>();
  readonly task = new Set<string>();
  readonly container = new Set<string>();
  /** By name: rows of one name are one volume to the scheduler. */
  readonly volume = new Set<string>();

  clear(): void {
    for (const ids of [this.node, this.task, this.container, this.volume]) ids.clear();
  }

  /** Notes a change that matters to the scheduler; false for any other. */
  note(change: Change, view: View): boolean {
    switch (change.table) {
      case 'node':
      case 'nodeStatus':
        this.node.add(change.id);
        return true;
      case 'task':
        this.task.add(change.id);
        return true;
      case 'taskStatus':
        return this.#noteStatus(change, view);
      case 'container':
        this.container.add(change.id);
        return true;
      case 'volume':
        for (const row of [change.before, change.after]) if (row !== undefined) this.volume.add(row.spec.name);
        return true;
      case 'cluster':
      case 'service':
      case 'network':
      case 'secret':
      case 'config':
      case 'client':
      case 'route':
      case 'containerStatus':
        return false;
    }
  }

  #noteStatus({ id, before, after }: ChangeOf<'taskStatus'>, view: View): boolean {
    const nodeId = (after ?? before)?.nodeId;
    if (hasEnded(before) === hasEnded(after) && after !== undefined) return false;
    this.task.add(id);
    // What an agent started by itself, and nobody adopted, holds the place of the task that it goes back to.
    if (nodeId !== undefined && view.get('task', id) === undefined) {
      for (const task of predecessorsOf(view, nodeId, id)) this.task.add(task.id);
    }
    return true;
  }
}

const hasEnded = (status: TaskStatus | undefined): boolean => status !== undefined && isTerminal(status.state);

/** The whole of it anew. */
export const buildModel = (view: View, changed: Changed, now: number): ClusterModel => {
  const model = new ClusterModel();
  changed.clear();
  for (const { spec } of view.list('volume')) tellVolume(model, view, spec.name);
  for (const node of view.list('node')) tellNode(model, view, node.id);
  for (const { id } of view.list('task')) tellTask(model, view, id, now);
  for (const container of view.list('container')) model.setContainer(container.id, container);
  return model;
};

/** Tells the model the rows as they are now, of what changed. */
export const tell = (model: ClusterModel, changed: Changed, view: View, now: number): void => {
  for (const name of changed.volume) tellVolume(model, view, name);
  for (const id of changed.node) tellNode(model, view, id);
  for (const id of changed.task) tellTask(model, view, id, now);
  for (const id of changed.container) model.setContainer(id, view.get('container', id));
  changed.clear();
};

const tellVolume = (model: ClusterModel, view: View, name: string): void => model.setVolume(name, placesOf(view, name));

const tellNode = (model: ClusterModel, view: View, id: string): void => {
  model.setNode(id, view.get('node', id));
  model.setNodeStatus(id, view.get('nodeStatus', id));
};

const tellTask = (model: ClusterModel, view: View, id: string, now: number): void => {
  const { task, status } = asSeen(view, id);
  model.setTaskStatus(id, status, task, now);
  model.setTask(id, task);
};

/** A task as the model is to see it. While its agent goes on with another in its place it has not ended: the node is as full as before. */
const asSeen = (
  view: View,
  id: string,
): { readonly task: Task | undefined; readonly status: TaskStatus | undefined } => {
  const task = view.get('task', id);
  const status = view.get('taskStatus', id) ?? task?.finalStatus;
  if (status === undefined || !hasLiveSuccessor(status, unadopted(view))) return { task, status };
  if (task?.finalStatus === undefined) return { task, status: undefined };
  const { finalStatus: _end, ...live } = task;
  return { task: live, status: undefined };
};
