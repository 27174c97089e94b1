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

interface Placed {
  readonly node: NodeInfo;
  readonly load: Load;
  readonly group: TaskGroup;
}

/** A task of a global service that waits to be checked on its node. */
export interface Pinned {
  readonly task: Task;
  readonly group: TaskGroup;
}

/**
 * The cluster as the scheduler needs it, kept up from changes: each costs what it touches, whatever the size of the
 * cluster. Telling it the same again changes nothing, and a row it has decided on itself (`assume`) is put right by
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
  readonly #placed = new Map<string, Placed>();
  readonly #pending = new Map<string, TaskGroup>();
  readonly #pinnedTo = new Map<string, string>();
  /** Tasks observed in a terminal state. */
  readonly #ended = new Set<string>();

  setNode(id: string, node: Node | undefined): void {
    const info = this.nodes.describe(id, node);
    this.touched.add(info);
    this.#tidy(info);
  }

  setNodeStatus(id: string, status: NodeStatus | undefined): void {
    const info = this.nodes.find(id);
    if (info !== undefined && info.status?.state === status?.state) {
      info.status = status;
      return;
    }
    this.touched.add(this.nodes.setStatus(id, status));
    this.#tidy(this.nodes.get(id));
  }

  setService(id: string, service: Service | undefined): void {
    this.groups.setPorts(id, service?.spec.endpoint?.ports ?? []);
  }

  setTask(id: string, task: Task | undefined): void {
    const standing = task === undefined ? 'none' : standingOf(task, this.#ended.has(id));
    this.#unload(id, standing === 'placed' ? task : undefined);
    if (task !== undefined && standing === 'pending' && this.#requeue(task)) return;
    this.#unqueue(id);
    if (task === undefined) return;
    if (standing === 'placed') this.#load(task);
    else if (standing === 'pinned') this.#pin(task);
    else if (standing === 'pending') {
      if (task.notBefore === undefined) this.#queue(task);
      else this.later.add(task, task.notBefore);
    }
  }

  /** `row`: the task itself, where there is one. `now`: when it was heard, milliseconds since the epoch. */
  setTaskStatus(id: string, status: TaskStatus | undefined, row: Task | undefined, now: number): void {
    const ended = status !== undefined && isTerminal(status.state);
    if (ended === this.#ended.has(id)) return;
    if (ended) {
      this.#ended.add(id);
      const placed = this.#placed.get(id);
      const failed = status.state === 'failed' || status.state === 'rejected';
      if (placed?.load.active === true && failed) placed.group.failures.note(placed.node, now);
    } else {
      this.#ended.delete(id);
    }
    this.setTask(id, row);
  }

  /** Moves tasks whose moment has come to the others. */
  admit(now: number): void {
    this.groups.sweep(now);
    for (const task of this.later.due(now)) this.#queue(task);
  }

  /** Takes a pending task as placed before it is committed. */
  assume(task: Task, group: TaskGroup, node: NodeInfo, load: Load): void {
    group.pending.delete(task.id);
    this.#pending.delete(task.id);
    node.add(load);
    this.#placed.set(task.id, { node, load, group });
  }

  /** Takes a pinned task as agreed to before it is committed. */
  assumePinned({ task, group }: Pinned, node: NodeInfo, load: Load): void {
    group.members += 1;
    this.#unqueue(task.id);
    node.add(load);
    this.#placed.set(task.id, { node, load, group });
  }

  #load(task: Task): void {
    if (this.#placed.has(task.id)) return;
    const group = this.groups.join(task);
    const node = this.nodes.get(task.nodeId as string);
    const { nanoCpus, memoryBytes, hostPorts } = group.requirements;
    const generic = task.genericResources ?? [];
    const load = { serviceId: task.serviceId, nanoCpus, memoryBytes, hostPorts, generic, active: isActive(task) };
    node.add(load);
    this.#placed.set(task.id, { node, load, group });
  }

  /** Takes the task's load away unless it is what `task` (placed) says. */
  #unload(id: string, task: Task | undefined): void {
    const placed = this.#placed.get(id);
    if (placed === undefined) return;
    const { node, load, group } = placed;
    if (task !== undefined && node.id === task.nodeId && load.active === isActive(task)) return;
    node.remove(load);
    this.#placed.delete(id);
    this.groups.leave(group);
    this.touched.add(node);
    this.#tidy(node);
  }

  /** Takes the newer row of a task that is pending already: it keeps its turn. */
  #requeue(task: Task): boolean {
    const group = this.#pending.get(task.id);
    if (group === undefined || group.specVersion !== task.specVersion) return false;
    group.pending.set(task.id, task);
    group.untold.push(task);
    return true;
  }

  #queue(task: Task): void {
    const group = this.groups.join(task);
    group.pending.set(task.id, task);
    group.untold.push(task);
    this.#pending.set(task.id, group);
    this.groups.dirty.add(group);
  }

  #pin(task: Task): void {
    const nodeId = task.nodeId as string;
    const here = this.pinned.get(nodeId) ?? new Map<string, Pinned>();
    here.set(task.id, { task, group: this.groups.join(task) });
    this.pinned.set(nodeId, here);
    this.#pinnedTo.set(task.id, nodeId);
    this.touched.add(this.nodes.get(nodeId));
  }

  #unqueue(id: string): void {
    this.later.delete(id);
    const group = this.#pending.get(id);
    if (group !== undefined) {
      this.#pending.delete(id);
      group.pending.delete(id);
      this.groups.leave(group);
    }
    const nodeId = this.#pinnedTo.get(id);
    if (nodeId === undefined) return;
    this.#pinnedTo.delete(id);
    const here = this.pinned.get(nodeId);
    const pinned = here?.get(id);
    if (here === undefined || pinned === undefined) return;
    here.delete(id);
    if (here.size === 0) this.pinned.delete(nodeId);
    this.groups.leave(pinned.group);
  }

  #tidy(info: NodeInfo): void {
    if (info.node !== undefined) return;
    for (const group of this.groups.stuck) group.verdicts?.forget(info);
    if (this.nodes.tidy(info)) this.touched.delete(info);
  }
}
