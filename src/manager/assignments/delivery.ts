import type { Assignment } from '../../model/assignment.ts';
import type { AssignmentDifference } from './assignments.ts';
import type { DoorShare } from './door.ts';
import { Group } from './group.ts';
import { NodePart } from './node-part.ts';

/** All that is to be told, in groups that nodes take part in, and which of it each node has not been told yet. */
export class Delivery {
  /** For every node. */
  readonly everyone = new Group();
  /** The ingress network while anything is published: every node has it. */
  ingress: string | undefined;
  readonly #door: DoorShare;
  readonly #networks = new Map<string, Group>();
  readonly #nodes = new Map<string, NodePart>();
  /** Nodes on each network for what runs on them. */
  readonly #members = new Map<string, Set<string>>();

  constructor(door: DoorShare) {
    this.#door = door;
  }

  get nodes(): ReadonlyMap<string, NodePart> {
    return this.#nodes;
  }

  /** The node's part; made where there is none yet. */
  part(nodeId: string): NodePart {
    let part = this.#nodes.get(nodeId);
    if (part === undefined) this.#nodes.set(nodeId, (part = new NodePart()));
    return part;
  }

  forget(nodeId: string): void {
    if (this.#nodes.delete(nodeId)) for (const members of this.#members.values()) members.delete(nodeId);
  }

  /** What all nodes on a network are told. */
  network(networkId: string): Group {
    let group = this.#networks.get(networkId);
    if (group === undefined) this.#networks.set(networkId, (group = new Group()));
    return group;
  }

  /** Something on the node is on the network. */
  join(nodeId: string, networkId: string): void {
    if (!this.part(nodeId).networks.add(networkId)) return;
    const members = this.#members.get(networkId);
    if (members === undefined) this.#members.set(networkId, new Set([nodeId]));
    else members.add(nodeId);
  }

  /** One thing less of the node's is on the network. */
  leave(nodeId: string, networkId: string): void {
    if (this.#nodes.get(nodeId)?.networks.drop(networkId) !== true) return;
    const members = this.#members.get(networkId);
    members?.delete(nodeId);
    if (members?.size === 0) this.#members.delete(networkId);
  }

  /** All that the node is told, by key. The next difference goes on from here. */
  full(nodeId: string): ReadonlyMap<string, Assignment> {
    const set = new Map<string, Assignment>();
    const part = this.#nodes.get(nodeId);
    if (part === undefined) return set;
    const groups = [part.own, this.everyone, ...(part.door ? [this.#door.group] : [])];
    part.doorGiven = part.door;
    // A network may come and go, or go and come back, before the next difference.
    part.given = this.#networksOf(part);
    for (const id of part.given) groups.push(this.network(id));
    for (const group of groups) for (const [key, item] of group.items) set.set(key, item);
    set.delete(`peer:${nodeId}`);
    return set;
  }

  /** What changed for each node since the last call. */
  changes(): ReadonlyMap<string, AssignmentDifference> {
    const differences = new Map<string, AssignmentDifference>();
    for (const nodeId of this.#affected()) {
      const part = this.#nodes.get(nodeId);
      if (part === undefined) continue;
      const difference = this.#difference(nodeId, part);
      if (difference.put.length + difference.remove.length > 0) differences.set(nodeId, difference);
    }
    this.settle();
    return differences;
  }

  /** Takes everything as told. */
  settle(): void {
    for (const part of this.#nodes.values()) {
      part.own.settle();
      part.doorGiven = part.door;
      if (this.#moved(part)) part.given = this.#networksOf(part);
    }
    this.everyone.settle();
    this.#door.group.settle();
    for (const [id, group] of this.#networks) {
      group.settle();
      if (group.items.size === 0) this.#networks.delete(id);
    }
  }

  #difference(nodeId: string, part: NodePart): AssignmentDifference {
    const put: Assignment[] = [];
    const remove: string[] = [];
    const change = (key: string, item: Assignment | undefined): void => {
      if (item === undefined) remove.push(key);
      else if (key !== `peer:${nodeId}`) put.push(item);
    };
    for (const group of [part.own, this.everyone]) for (const [key, item] of group.pending) change(key, item);
    const { group: door } = this.#door;
    if (part.door) for (const [key, item] of part.doorGiven ? door.pending : door.items) change(key, item);
    else if (part.doorGiven) remove.push(...door.known());
    const networks = this.#networksOf(part);
    for (const id of networks) {
      const group = this.network(id);
      for (const [key, item] of part.given.has(id) ? group.pending : group.items) change(key, item);
    }
    for (const id of part.given) if (!networks.has(id)) remove.push(...this.network(id).known());
    return { put, remove };
  }

  /** Nodes that may have a difference. */
  #affected(): Iterable<string> {
    if (this.everyone.pending.size > 0) return this.#nodes.keys();
    const affected = new Set<string>();
    const routed = this.#door.group.pending.size > 0;
    for (const [id, part] of this.#nodes) {
      if (part.own.pending.size > 0 || this.#moved(part) || part.door !== part.doorGiven) affected.add(id);
      else if (routed && part.door) affected.add(id);
    }
    for (const [id, group] of this.#networks) {
      if (group.pending.size === 0) continue;
      for (const nodeId of id === this.ingress ? this.#nodes.keys() : (this.#members.get(id) ?? [])) {
        affected.add(nodeId);
      }
      if (!this.#door.networks.has(id)) continue;
      for (const [nodeId, part] of this.#nodes) if (part.door) affected.add(nodeId);
    }
    return affected;
  }

  #moved(part: NodePart): boolean {
    const now = this.#networksOf(part);
    return now.size !== part.given.size || [...now].some((id) => !part.given.has(id));
  }

  /**
   * A node has the networks of its tasks, the ingress network as soon as anything is published, and those of all routes
   * where it runs the front door.
   */
  #networksOf(part: NodePart): ReadonlySet<string> {
    const networks = new Set(part.networks.keys());
    if (part.door) for (const id of this.#door.networks) networks.add(id);
    if (this.ingress !== undefined) networks.add(this.ingress);
    return networks;
  }
}
