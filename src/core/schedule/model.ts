import type { Node, NodeStatus } from '../../model/node.ts';
import type { Service } from '../../model/service.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { TaskGroup } from './group.ts';
import { Groups } from './groups.ts';
import { Later } from './later.ts';
import type { Load, NodeInfo } from './node-info.ts';
import { Nodes } from './nodes.ts';
import { isActive, standingOf } from './standing.ts';

/** A task of a global service that waits to be checked on its node. */
export interface Pinned {
  readonly kind: 'pinned';
  readonly task: Task;
  readonly group: TaskGroup;
}

/** Where the model has a task. One that it has nothing to do with is not in it. */
type Place =
  | { readonly kind: 'pending'; readonly group: TaskGroup }
  | { readonly kind: 'placed'; readonly group: TaskGroup; readonly node: NodeInfo; readonly load: Load }
  | { readonly kind: 'later' }
  | Pinned;

const later: Place = { kind: 'later' };

/**
 * The cluster as the scheduler needs it, kept up from changes: each costs what it touches, whatever the size of the
 * cluster. Telling it the same again changes nothing, and a row that it has decided on itself (`assume`) is put right by
 * telling it the row as it really is.
 */
export class ClusterModel {
  readonly nodes = new Nodes();
  readonly groups: Groups = new Groups();
  readonly later = new Later();
  /** By node, then by task. */
  readonly pinned = new Map<string, Map<string, Pinned>>();
  /** Nodes that changed, or gained room, since the last decision. */
  readonly touched = new Set<NodeInfo>();
  readonly #places = new Map<string, Place>();
  /** Tasks observed in a terminal state. */
  readonly #ended = new Set<string>();

  setNode(id: string, node: Node | undefined): void {
    const info = this.nodes.describe(id, node);
    this.touched.add(info);
    this.#tidy(info);
  }

  setNodeStatus(id: string, status: NodeStatus | undefined): void {
    const info = this.nodes.get(id);
    if (info.status?.state !== status?.state) this.touched.add(info);
    info.status = status;
    this.#tidy(info);
  }

  setService(id: string, service: Service | undefined): void {
    this.groups.setService(id, service);
  }

  setTask(id: string, task: Task | undefined): void {
    const standing = task === undefined ? 'none' : standingOf(task, this.#ended.has(id));
    const place = this.#places.get(id);
    if (task === undefined || standing === 'none') {
      if (place !== undefined) this.#leave(id, place);
    } else if (standing === 'placed') {
      if (isAt(place, task)) return;
      if (place !== undefined) this.#leave(id, place);
      this.#load(task);
    } else if (standing === 'pinned') {
      if (place !== undefined) this.#leave(id, place);
      this.#pin(task);
    } else {
      if (place?.kind === 'pending') {
        // The newer row keeps the turn of the older one.
        place.group.pending.set(id, task);
        place.group.untold.push(task);
        return;
      }
      if (place !== undefined) this.#leave(id, place);
      if (task.notBefore === undefined) this.#queue(task);
      else this.#delay(task, task.notBefore);
    }
  }

  /** `row`: the task itself, where there is one. `now`: when it was heard, milliseconds since the epoch. */
  setTaskStatus(id: string, status: TaskStatus | undefined, row: Task | undefined, now: number): void {
    const ended = status !== undefined && isTerminal(status.state);
    if (ended === this.#ended.has(id)) return;
    if (ended) {
      this.#ended.add(id);
      if (row?.nodeId !== undefined && (status.state === 'failed' || status.state === 'rejected')) {
        this.#noteFailure(row, row.nodeId, Math.min(now, status.timestamp));
      }
    } else {
      this.#ended.delete(id);
    }
    this.setTask(id, row);
  }

  /** Whether the row tells nothing new: the task is on that node already, and no more or less active. */
  isAsPlaced(task: Task): boolean {
    return isAt(this.#places.get(task.id), task);
  }

  /** Moves tasks whose moment has come to the others. */
  admit(now: number): void {
    this.groups.sweep(now);
    for (const task of this.later.due(now)) this.#queue(task);
  }

  /** Takes a pending task as placed before it is committed. */
  assume(task: Task, group: TaskGroup, node: NodeInfo, load: Load): void {
    group.pending.delete(task.id);
    node.add(load);
    this.#places.set(task.id, { kind: 'placed', group, node, load });
  }

  /** Takes a pinned task as agreed to before it is committed. */
  assumePinned(pinned: Pinned, node: NodeInfo, load: Load): void {
    const { task, group } = pinned;
    this.#unpin(pinned);
    node.add(load);
    this.#places.set(task.id, { kind: 'placed', group, node, load });
  }

  #noteFailure(task: Task, nodeId: string, at: number): void {
    const node = this.nodes.find(nodeId);
    if (node === undefined) return;
    const group = this.groups.join(task);
    group.failures.note(node, at);
    this.groups.leave(group);
  }

  #load(task: Task): void {
    const group = this.groups.join(task);
    const node = this.nodes.get(task.nodeId as string);
    const load = group.loadOf(task, isActive(task));
    node.add(load);
    this.#places.set(task.id, { kind: 'placed', group, node, load });
  }

  #queue(task: Task): void {
    const group = this.groups.join(task);
    group.pending.set(task.id, task);
    group.untold.push(task);
    this.#places.set(task.id, group.place);
    this.groups.dirty.add(group);
  }

  #delay(task: Task, moment: number): void {
    this.later.add(task, moment);
    this.#places.set(task.id, later);
  }

  #pin(task: Task): void {
    const nodeId = task.nodeId as string;
    const pinned: Pinned = { kind: 'pinned', task, group: this.groups.join(task) };
    const here = this.pinned.get(nodeId) ?? new Map<string, Pinned>();
    this.pinned.set(nodeId, here.set(task.id, pinned));
    this.#places.set(task.id, pinned);
    this.touched.add(this.nodes.get(nodeId));
  }

  #unpin({ task }: Pinned): void {
    const here = this.pinned.get(task.nodeId as string);
    here?.delete(task.id);
    if (here?.size === 0) this.pinned.delete(task.nodeId as string);
  }

  /** Takes the task out of where it is. */
  #leave(id: string, place: Place): void {
    this.#places.delete(id);
    switch (place.kind) {
      case 'later':
        this.later.delete(id);
        return;
      case 'pending':
        place.group.pending.delete(id);
        break;
      case 'pinned':
        this.#unpin(place);
        break;
      case 'placed':
        place.node.remove(place.load);
        this.touched.add(place.node);
        this.#tidy(place.node);
        break;
    }
    this.groups.leave(place.group);
  }

  #tidy(info: NodeInfo): void {
    if (info.node !== undefined) return;
    for (const group of this.groups.stuck) group.verdicts?.forget(info);
    if (this.nodes.tidy(info)) this.touched.delete(info);
  }
}

const isAt = (place: Place | undefined, task: Task): boolean =>
  place?.kind === 'placed' && place.node.id === task.nodeId && place.load.active === isActive(task);
