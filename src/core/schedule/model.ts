import type { Node, NodeStatus } from '../../model/node.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import { isTerminal } from '../../model/task.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { Entry } from './group.ts';
import { Groups } from './groups.ts';
import { Later } from './later.ts';
import type { Load, NodeInfo } from './node-info.ts';
import { Nodes } from './nodes.ts';
import { isActive, standingOf } from './standing.ts';
import type { Standing } from './standing.ts';
import { Tally } from './tally.ts';

/**
 * The cluster as the scheduler needs it, kept up from changes: each costs what it touches, whatever the size of the
 * cluster. Telling it the same again changes nothing, and a row that it has decided on itself (`assume`) is put right by
 * telling it the row as it really is.
 */
export class ClusterModel {
  readonly nodes = new Nodes();
  readonly groups: Groups = new Groups();
  readonly later = new Later();
  /** Tasks of global services that wait to be checked on their node, by node. */
  readonly pinned = new Map<string, Set<Entry>>();
  /** Nodes that changed, or gained room, since the last decision. */
  readonly touched = new Set<NodeInfo>();
  readonly #entries = new Map<string, Entry>();
  /** Tasks observed in a terminal state. */
  readonly #ended = new Set<string>();
  /** Containers that are no task's, and what each takes where. */
  readonly #containers = new Map<string, PlacedContainer>();
  readonly #containerTally = new Tally();

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

  setTask(id: string, task: Task | undefined): void {
    const standing = task === undefined ? 'none' : standingOf(task, this.#ended.has(id));
    const entry = this.#entries.get(id);
    if (entry !== undefined && task !== undefined && staysAs(entry, standing, task)) {
      entry.task = task;
      return;
    }
    if (entry !== undefined) this.#leave(id, entry);
    this.later.delete(id);
    if (task === undefined) return;
    if (standing === 'placed') this.#load(task);
    else if (standing !== 'none') {
      if (task.notBefore === undefined) this.#await(task);
      else this.later.add(task, task.notBefore);
    }
  }

  /** `row`: the task itself, where there is one. `now`: when it was heard, milliseconds since the epoch. */
  setTaskStatus(id: string, status: TaskStatus | undefined, row: Task | undefined, now: number): void {
    const ended = status !== undefined && isTerminal(status.state);
    if (ended === this.#ended.has(id)) return;
    if (ended) {
      this.#ended.add(id);
      if (row?.nodeId !== undefined && (status.state === 'failed' || status.state === 'rejected')) {
        this.#noteFailure(row, row.nodeId, Math.min(now, status.timestamp), status.state);
      }
    } else {
      this.#ended.delete(id);
    }
    this.setTask(id, row);
  }

  /** A container that was made by itself takes what it reserved for as long as it is there. */
  setContainer(id: string, container: SingleContainer | undefined): void {
    const before = this.#containers.get(id);
    // A row changes some times while its container is made; what it takes does not.
    if (before !== undefined && before.spec === container?.spec && before.node.id === container.nodeId) return;
    if (before !== undefined) {
      this.#containers.delete(id);
      before.node.remove(before.load);
      this.touched.add(before.node);
      this.#tidy(before.node);
    }
    if (container === undefined) return;
    const { reservation, hostPorts } = container.spec;
    const node = this.nodes.get(container.nodeId);
    const load: Load = { ...reservation, tally: this.#containerTally, hostPorts, generic: [], active: true };
    node.add(load);
    this.#containers.set(id, { spec: container.spec, node, load });
    this.touched.add(node);
  }

  /**
   * The nodes that have a volume of the cluster: tasks that mount it go there, and those that wait are looked at again.
   * None: it is promised to whoever is first. Undefined: there is none of this name.
   */
  setVolume(name: string, nodeIds: readonly string[] | undefined): void {
    this.nodes.volumes.set(name, nodeIds);
    for (const group of this.groups.stuck) {
      if (!group.requirements.volumes.includes(name)) continue;
      for (const node of this.nodes.present) group.verdicts?.look(node);
      this.groups.dirty.add(group);
    }
  }

  /** Moves tasks whose moment has come to the others. */
  admit(now: number): void {
    this.groups.sweep(now);
    for (const task of this.later.due(now)) this.#await(task);
  }

  /** Takes a pending or pinned task as placed before that is committed. */
  assume(entry: Entry, node: NodeInfo, load: Load): void {
    if (entry.state === 'pinned') this.#unpin(entry);
    else entry.group.queue.drop();
    for (const name of promisedOf(this, entry.group)) this.nodes.volumes.set(name, [node.id]);
    node.add(load);
    entry.state = 'placed';
    entry.node = node;
    entry.load = load;
  }

  #noteFailure(task: Task, nodeId: string, at: number, how: 'failed' | 'rejected'): void {
    const node = this.nodes.find(nodeId);
    if (node === undefined) return;
    const group = this.groups.join(task);
    group.failures.note(node, at, how);
    this.groups.leave(group);
  }

  #load(task: Task): void {
    const group = this.groups.join(task);
    const node = this.nodes.get(task.nodeId as string);
    const load = group.loadOf(task, isActive(task));
    node.add(load);
    this.#entries.set(task.id, { task, group, state: 'placed', node, load });
  }

  /** A task with a node is to be checked there; any other waits for one. */
  #await(task: Task): void {
    if (task.nodeId === undefined) this.#queue(task);
    else this.#pin(task);
  }

  #queue(task: Task): void {
    const group = this.groups.join(task);
    const entry: Entry = { task, group, state: 'pending', node: undefined, load: undefined };
    group.queue.push(entry);
    this.#entries.set(task.id, entry);
    this.groups.dirty.add(group);
  }

  #pin(task: Task): void {
    const nodeId = task.nodeId as string;
    const entry: Entry = { task, group: this.groups.join(task), state: 'pinned', node: undefined, load: undefined };
    this.pinned.set(nodeId, (this.pinned.get(nodeId) ?? new Set()).add(entry));
    this.#entries.set(task.id, entry);
    this.touched.add(this.nodes.get(nodeId));
  }

  #unpin(entry: Entry): void {
    const nodeId = entry.task.nodeId as string;
    const here = this.pinned.get(nodeId);
    here?.delete(entry);
    if (here?.size === 0) this.pinned.delete(nodeId);
  }

  /** Takes the task out of where it is. */
  #leave(id: string, entry: Entry): void {
    const { group, node, load, state } = entry;
    this.#entries.delete(id);
    entry.state = 'gone';
    if (state === 'pending') group.queue.drop();
    else if (state === 'pinned') this.#unpin(entry);
    else if (node !== undefined && load !== undefined) {
      node.remove(load);
      this.touched.add(node);
      this.#tidy(node);
    }
    this.groups.leave(group);
  }

  #tidy(info: NodeInfo): void {
    if (info.node !== undefined) return;
    for (const group of this.groups.stuck) group.verdicts?.forget(info);
    if (this.nodes.tidy(info)) this.touched.delete(info);
  }
}

interface PlacedContainer {
  readonly spec: SingleContainer['spec'];
  readonly node: NodeInfo;
  readonly load: Load;
}

/** Volumes that the group's first task takes to its node. */
export const promisedOf = ({ nodes: { volumes } }: ClusterModel, { requirements }: Entry['group']): readonly string[] =>
  requirements.volumes.filter((name) => volumes.isPromised(name));

/** Whether the task is where its row says: a placed one no more or less active, a pending one keeping its turn. */
const staysAs = ({ state, node, load, group }: Entry, standing: Standing, task: Task): boolean => {
  if (state !== standing || group.specVersion !== task.specVersion) return false;
  if (state === 'placed') return node?.id === task.nodeId && load?.active === isActive(task);
  return state === 'pending';
};
