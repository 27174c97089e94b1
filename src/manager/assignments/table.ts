import { networkOf, overlayMtu, peerOf, selfOf } from '../../core/assign/shared.ts';
import type { Assignment } from '../../model/assignment.ts';
import { encryptionOf } from '../../model/cluster.ts';
import type { Node } from '../../model/node.ts';
import { assignmentKey } from '../../model/protocol.ts';
import type { View } from '../../store/store.ts';
import type { AssignmentDifference } from './assignments.ts';
import { ContainerShares } from './container-shares.ts';
import { Delivery } from './delivery.ts';
import { nothingDirty } from './dirty.ts';
import type { Dirty } from './dirty.ts';
import { DoorShare } from './door.ts';
import { Needs } from './needs.ts';
import { isSame } from './same.ts';
import { ServiceShares } from './service-shares.ts';
import { TaskShares } from './task-shares.ts';

/** The derived tables: what every node is to be told. Nothing in it is a source of truth. */
export class AssignmentTable {
  readonly #view: View;
  readonly #door: DoorShare;
  readonly #delivery: Delivery;
  readonly #needs: Needs;
  readonly #services: ServiceShares;
  readonly #tasks: TaskShares;
  readonly #containers: ContainerShares;
  #mtu = 0;

  constructor(view: View) {
    this.#view = view;
    this.#door = new DoorShare(view);
    this.#delivery = new Delivery(this.#door);
    this.#needs = new Needs(view, this.#delivery);
    this.#services = new ServiceShares(view, this.#delivery);
    this.#tasks = new TaskShares(view, this.#delivery, this.#needs);
    this.#containers = new ContainerShares(view, this.#delivery, this.#needs);
    const dirty = nothingDirty();
    dirty.cluster = true;
    for (const { id } of view.list('network')) dirty.networks.add(id);
    for (const { id } of view.list('node')) dirty.nodes.add(id);
    for (const { id } of view.list('service')) dirty.services.add(id);
    for (const { id } of view.list('task')) dirty.tasks.add(id);
    for (const { id } of view.list('container')) dirty.containers.add(id);
    this.fold(dirty);
    this.#delivery.settle();
  }

  /** Works out again what depends on the dirty rows. */
  fold(dirty: Dirty): void {
    for (const id of dirty.networks) {
      if (this.#foldNetwork(id)) for (const service of this.#view.list('service')) dirty.services.add(service.id);
    }
    this.#foldNodes(dirty);
    for (const id of dirty.services) {
      if (!this.#services.fold(id)) continue;
      for (const task of this.#view.find('task', 'service', id)) dirty.tasks.add(task.id);
    }
    const gone = [...dirty.nodes].filter((id) => this.#view.get('node', id) === undefined);
    for (const id of [...dirty.health, ...gone]) {
      for (const task of this.#view.find('task', 'node', id)) dirty.tasks.add(task.id);
      for (const container of this.#view.find('container', 'node', id)) dirty.containers.add(container.id);
    }
    for (const id of dirty.tasks) this.#tasks.fold(id);
    for (const id of dirty.containers) this.#containers.fold(id);
    for (const id of dirty.secrets) this.#needs.fold('secret', id);
    for (const id of dirty.configs) this.#needs.fold('config', id);
    this.#foldDoor(dirty);
  }

  full(nodeId: string): ReadonlyMap<string, Assignment> {
    return this.#view.get('node', nodeId) === undefined ? new Map() : this.#delivery.full(nodeId);
  }

  changes(): ReadonlyMap<string, AssignmentDifference> {
    return this.#delivery.changes();
  }

  /** True where all services are to be looked at again. */
  #foldNetwork(id: string): boolean {
    const network = this.#view.get('network', id);
    const item = network === undefined ? undefined : networkOf(network);
    if (item === undefined) this.#delivery.network(id).remove(`network:${id}`);
    else this.#delivery.network(id).put(item);
    return this.#services.foldNetwork(id, network);
  }

  #foldNodes(dirty: Dirty): void {
    if (dirty.nodes.size === 0 && !dirty.cluster) return;
    const [cluster] = this.#view.list('cluster');
    for (const id of dirty.nodes) this.#foldPeer(id, this.#view.get('node', id), cluster?.id ?? '');
    const mtu = overlayMtu(this.#view.list('node'), encryptionOf(cluster?.spec));
    const all = dirty.cluster || mtu !== this.#mtu;
    this.#mtu = mtu;
    if (cluster === undefined) return;
    const nodes = all ? this.#view.list('node') : [...dirty.nodes].map((id) => this.#view.get('node', id));
    for (const node of nodes) {
      const self = node === undefined ? undefined : selfOf(node, cluster, mtu);
      if (self !== undefined) this.#delivery.part(self.id).own.put(self);
    }
  }

  #foldPeer(id: string, node: Node | undefined, clusterId: string): void {
    const peer = node === undefined ? undefined : peerOf(node, clusterId);
    if (peer === undefined) this.#delivery.everyone.remove(`peer:${id}`);
    else if (!isSame(this.#delivery.everyone.items.get(assignmentKey(peer)), peer)) this.#delivery.everyone.put(peer);
    if (node === undefined) this.#delivery.forget(id);
    else this.#delivery.part(id);
  }

  #foldDoor(dirty: Dirty): void {
    const changed = this.#door.fold(dirty);
    for (const nodeId of changed ? this.#delivery.nodes.keys() : dirty.nodes) {
      const part = this.#delivery.nodes.get(nodeId);
      const node = this.#view.get('node', nodeId);
      if (part === undefined) continue;
      part.door = node !== undefined && this.#door.isDoor(node);
      const before = part.certificates;
      part.certificates = part.door ? this.#door.secrets : new Set();
      this.#needs.replace(
        { nodeId, networks: [], secrets: before },
        { nodeId, networks: [], secrets: part.certificates },
      );
    }
  }
}
