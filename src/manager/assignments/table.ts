import type { AssignedEndpoint, AssignedTask, AssignedVip, Assignment } from '../../model/assignment.ts';
import { encryptionOf } from '../../model/cluster.ts';
import type { NetworkId } from '../../model/ids.ts';
import type { Node } from '../../model/node.ts';
import { assignmentKey } from '../../model/protocol.ts';
import { configOf, networkOf, overlayMtu, peerOf, secretOf, selfOf } from '../../core/assign/shared.ts';
import { containerShare } from '../../core/assign/container.ts';
import type { FindNetwork } from '../../core/assign/address6.ts';
import type { ContainerShare } from '../../core/assign/container.ts';
import { servedBy } from '../../core/assign/served.ts';
import { publishesOf, vipsOf } from '../../core/assign/service.ts';
import { assignedTaskOf, endpointsOf, hasEndpoints, needsOf } from '../../core/assign/task.ts';
import type { TaskNeeds } from '../../core/assign/task.ts';
import { isPlaced } from '../../core/task/known.ts';
import type { PlacedTask } from '../../core/task/known.ts';
import type { SingleContainer, SingleContainerStatus } from '../../model/single-container.ts';
import type { TaskStatus } from '../../model/task.ts';
import type { View } from '../../store/store.ts';
import { knownIn, unadopted } from '../observed.ts';
import type { AssignmentDifference } from './assignments.ts';
import { nothingDirty } from './dirty.ts';
import type { Dirty } from './dirty.ts';
import { DoorShare } from './door.ts';
import { Counter, Group } from './group.ts';
import { isSame, sameEndpoint, sameTask } from './same.ts';

/** What one task contributes, as it was last worked out. */
interface TaskShare {
  readonly needs: TaskNeeds;
  readonly assigned: AssignedTask;
  readonly endpoints: readonly AssignedEndpoint[];
}

/** One node's part: what only it is given, and which shared groups it takes part in. */
class NodePart {
  readonly own = new Group();
  readonly networks = new Counter();
  readonly secrets = new Counter();
  readonly configs = new Counter();
  /** Networks whose group it was given by the last difference. */
  given: ReadonlySet<string> = new Set();
  /** It runs the front door; it was told so by the last difference. */
  door = false;
  doorGiven = false;
  /** Certificates that it needs for that. */
  certificates: ReadonlySet<string> = new Set();
}

/** The derived tables: what every node is to be told. Nothing in it is a source of truth. */
export class AssignmentTable {
  readonly #view: View;
  readonly #everyone = new Group();
  readonly #door: DoorShare;
  readonly #networks = new Map<string, Group>();
  readonly #nodes = new Map<string, NodePart>();
  readonly #tasks = new Map<string, TaskShare>();
  readonly #containers = new Map<string, ContainerShare>();
  /** Task that an agent started by itself → the task with a row whose endpoints stay for its sake. */
  readonly #followed = new Map<string, string>();
  readonly #publishes = new Map<string, readonly string[]>();
  /** The addresses of each service's own. */
  readonly #vips = new Map<string, readonly AssignedVip[]>();
  /** Nodes on each network. */
  readonly #members = new Map<string, Set<string>>();
  #ingress: NetworkId | undefined;
  #mtu = 0;

  readonly #network: FindNetwork;

  constructor(view: View) {
    this.#view = view;
    this.#network = (id) => view.get('network', id);
    this.#door = new DoorShare(view);
    const dirty = nothingDirty();
    dirty.cluster = true;
    for (const { id } of view.list('network')) dirty.networks.add(id);
    for (const { id } of view.list('node')) dirty.nodes.add(id);
    for (const { id } of view.list('service')) dirty.services.add(id);
    for (const { id } of view.list('task')) dirty.tasks.add(id);
    for (const { id } of view.list('container')) dirty.containers.add(id);
    this.fold(dirty);
    this.#settle();
  }

  /** Works out again what depends on the dirty rows. */
  fold(dirty: Dirty): void {
    for (const id of dirty.networks) this.#foldNetwork(id);
    this.#foldNodes(dirty);
    for (const id of dirty.services) this.#foldService(id, dirty.tasks);
    const gone = [...dirty.nodes].filter((id) => this.#view.get('node', id) === undefined);
    for (const id of [...dirty.health, ...gone]) {
      for (const task of this.#view.find('task', 'node', id)) dirty.tasks.add(task.id);
      for (const container of this.#view.find('container', 'node', id)) dirty.containers.add(container.id);
    }
    for (const id of dirty.tasks) this.#foldWithPredecessor(id);
    for (const id of dirty.containers) this.#foldContainer(id);
    for (const id of dirty.secrets) this.#foldFile('secret', id);
    for (const id of dirty.configs) this.#foldFile('config', id);
    this.#foldDoor(dirty);
  }

  full(nodeId: string): ReadonlyMap<string, Assignment> {
    const set = new Map<string, Assignment>();
    const part = this.#nodes.get(nodeId);
    if (part === undefined || this.#view.get('node', nodeId) === undefined) return set;
    const groups = [part.own, this.#everyone, ...(part.door ? [this.#door.group] : [])];
    part.doorGiven = part.door;
    const networks = this.#networksOf(part);
    for (const id of networks) groups.push(this.#group(id));
    // The next difference goes from here: a network may come and go, or go and come back, in between.
    part.given = networks;
    for (const group of groups) for (const [key, item] of group.items) set.set(key, item);
    set.delete(`peer:${nodeId}`);
    return set;
  }

  changes(): ReadonlyMap<string, AssignmentDifference> {
    const differences = new Map<string, AssignmentDifference>();
    for (const nodeId of this.#affected()) {
      const part = this.#nodes.get(nodeId);
      if (part === undefined) continue;
      const difference = this.#difference(nodeId, part);
      if (difference.put.length + difference.remove.length > 0) differences.set(nodeId, difference);
    }
    this.#settle();
    return differences;
  }

  #difference(nodeId: string, part: NodePart): AssignmentDifference {
    const put: Assignment[] = [];
    const remove: string[] = [];
    const change = (key: string, item: Assignment | undefined): void => {
      if (item === undefined) remove.push(key);
      else if (key !== `peer:${nodeId}`) put.push(item);
    };
    for (const group of [part.own, this.#everyone]) for (const [key, item] of group.pending) change(key, item);
    const { group: door } = this.#door;
    if (part.door) for (const [key, item] of part.doorGiven ? door.pending : door.items) change(key, item);
    else if (part.doorGiven) remove.push(...new Set([...door.items.keys(), ...door.pending.keys()]));
    const networks = this.#networksOf(part);
    for (const id of networks) {
      const group = this.#group(id);
      for (const [key, item] of part.given.has(id) ? group.pending : group.items) change(key, item);
    }
    for (const id of part.given) {
      if (networks.has(id)) continue;
      const group = this.#group(id);
      remove.push(...new Set([...group.items.keys(), ...group.pending.keys()]));
    }
    return { put, remove };
  }

  /** Nodes that may have a difference. */
  #affected(): Iterable<string> {
    if (this.#everyone.pending.size > 0) return this.#nodes.keys();
    const affected = new Set<string>();
    const routed = this.#door.group.pending.size > 0;
    for (const [id, part] of this.#nodes) {
      if (part.own.pending.size > 0 || this.#moved(part) || part.door !== part.doorGiven) affected.add(id);
      else if (routed && part.door) affected.add(id);
    }
    for (const [id, group] of this.#networks) {
      if (group.pending.size === 0) continue;
      for (const nodeId of id === this.#sharedIngress() ? this.#nodes.keys() : (this.#members.get(id) ?? [])) {
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

  #settle(): void {
    for (const part of this.#nodes.values()) {
      part.own.settle();
      part.doorGiven = part.door;
      if (this.#moved(part)) part.given = this.#networksOf(part);
    }
    this.#everyone.settle();
    this.#door.group.settle();
    for (const [id, group] of this.#networks) {
      group.settle();
      if (group.items.size === 0) this.#networks.delete(id);
    }
  }

  /**
   * A node has the networks of its tasks, the ingress network as soon as anything is published, and those of all routes
   * where it runs the front door.
   */
  #networksOf(part: NodePart): ReadonlySet<string> {
    const networks = new Set(part.networks.keys());
    if (part.door) for (const id of this.#door.networks) networks.add(id);
    const ingress = this.#sharedIngress();
    if (ingress !== undefined) networks.add(ingress);
    return networks;
  }

  /** For what has IPv6 addresses on a node: nothing has where that has none. */
  #networkOn(nodeId: string): FindNetwork | undefined {
    return this.#view.get('node', nodeId)?.description?.ipv6 === true ? this.#network : undefined;
  }

  #clusterId(): string {
    const [cluster] = this.#view.list('cluster');
    return cluster?.id ?? '';
  }

  #sharedIngress(): NetworkId | undefined {
    return this.#publishes.size > 0 ? this.#ingress : undefined;
  }

  #foldNetwork(id: string): void {
    const network = this.#view.get('network', id);
    const item = network === undefined ? undefined : networkOf(network);
    if (item === undefined) this.#group(id).remove(`network:${id}`);
    else this.#group(id).put(item);
    if (network?.spec.ingress === true) this.#ingress = network.id;
    else if (this.#ingress === id) this.#ingress = undefined;
    else return;
    for (const service of this.#view.list('service')) this.#foldService(service.id, new Set());
  }

  #foldNodes(dirty: Dirty): void {
    if (dirty.nodes.size === 0 && !dirty.cluster) return;
    for (const id of dirty.nodes) this.#foldPeer(id, this.#view.get('node', id));
    const [cluster] = this.#view.list('cluster');
    const mtu = overlayMtu(this.#view.list('node'), encryptionOf(cluster?.spec));
    const all = dirty.cluster || mtu !== this.#mtu;
    this.#mtu = mtu;
    if (cluster === undefined) return;
    const nodes = all ? this.#view.list('node') : [...dirty.nodes].map((id) => this.#view.get('node', id));
    for (const node of nodes) {
      const self = node === undefined ? undefined : selfOf(node, cluster, mtu);
      if (self !== undefined) this.#part(self.id).own.put(self);
    }
  }

  #foldDoor(dirty: Dirty): void {
    const changed = this.#door.fold(dirty);
    for (const id of changed ? this.#nodes.keys() : dirty.nodes) {
      const part = this.#nodes.get(id);
      const node = this.#view.get('node', id);
      if (part === undefined) continue;
      part.door = node !== undefined && this.#door.isDoor(node);
      const before = part.certificates;
      part.certificates = part.door ? this.#door.secrets : new Set();
      for (const secret of part.certificates) {
        if (!before.has(secret) && part.secrets.add(secret)) this.#giveFile(part, 'secret', secret);
      }
      for (const secret of before) {
        if (!part.certificates.has(secret) && part.secrets.drop(secret)) part.own.remove(`secret:${secret}`);
      }
    }
  }

  #foldPeer(id: string, node: Node | undefined): void {
    const peer = node === undefined ? undefined : peerOf(node, this.#clusterId());
    if (peer === undefined) this.#everyone.remove(`peer:${id}`);
    else this.#everyone.put(peer);
    if (node !== undefined) this.#part(id);
    else if (this.#nodes.delete(id)) for (const members of this.#members.values()) members.delete(id);
  }

  #foldService(id: string, dirtyTasks: Set<string>): void {
    const service = this.#view.get('service', id);
    const items = service === undefined || this.#ingress === undefined ? [] : publishesOf(service, this.#ingress);
    const keys = items.map(assignmentKey);
    for (const key of this.#publishes.get(id) ?? []) {
      if (!keys.includes(key) && this.#publishOwner(key) === id) this.#everyone.remove(key);
    }
    for (const item of items)
      if (!isSame(this.#everyone.items.get(assignmentKey(item)), item)) this.#everyone.put(item);
    if (keys.length === 0) this.#publishes.delete(id);
    else this.#publishes.set(id, keys);
    const moved = this.#foldVips(id, service === undefined ? [] : vipsOf(service, this.#network));
    // Tasks of a service without an address of its own are told with its ports.
    if (service !== undefined && !moved && service.spec.endpoint?.mode !== 'dnsrr') return;
    for (const task of this.#view.find('task', 'service', id)) dirtyTasks.add(task.id);
  }

  /** True where its tasks have other names now. */
  #foldVips(id: string, after: readonly AssignedVip[]): boolean {
    const before = this.#vips.get(id) ?? [];
    if (before.length === 0 && after.length === 0) return false;
    if (after.length === 0) this.#vips.delete(id);
    else this.#vips.set(id, after);
    const networks = new Set(after.map(({ networkId }) => networkId));
    for (const vip of before) {
      if (!networks.has(vip.networkId)) this.#group(vip.networkId).remove(assignmentKey(vip));
    }
    for (const vip of after) {
      const group = this.#group(vip.networkId);
      if (!isSame(group.items.get(assignmentKey(vip)), vip)) group.put(vip);
    }
    return before.length !== after.length || before.some(({ networkId }) => !networks.has(networkId));
  }

  /** A port may have passed from one service to another in one commit. */
  #publishOwner(key: string): string | undefined {
    const item = this.#everyone.items.get(key);
    return item?.kind === 'publish' ? item.serviceId : undefined;
  }

  #foldWithPredecessor(id: string): void {
    this.#foldTask(id);
    const predecessor = this.#followed.get(id);
    if (predecessor === undefined) return;
    this.#followed.delete(id);
    this.#foldTask(predecessor);
  }

  /** Remembers whom to look at again when a successor that nobody has adopted changes. */
  #follow(task: PlacedTask, { successor }: TaskStatus): void {
    const observed = unadopted(this.#view);
    let next = successor;
    while (next !== undefined && this.#view.get('task', next) === undefined && this.#followed.get(next) !== task.id) {
      this.#followed.set(next, task.id);
      next = observed(next)?.successor;
    }
  }

  #foldTask(id: string): void {
    const before = this.#tasks.get(id);
    const after = this.#share(id);
    if (after === undefined) this.#tasks.delete(id);
    else this.#tasks.set(id, after);
    // New needs first, so that what is needed before and after is never withdrawn.
    if (after !== undefined) this.#need(after.needs);
    if (before !== undefined) this.#unneed(before.needs);
    this.#replaceTask(before, after);
    this.#replaceEndpoints(before, after);
  }

  #foldContainer(id: string): void {
    const before = this.#containers.get(id);
    const container = this.#view.get('container', id);
    const after =
      container?.attachments === undefined || this.#view.get('node', container.nodeId) === undefined
        ? undefined
        : containerShare(container, {
            running: isRunning(container, this.#view.get('containerStatus', id)),
            nodeDown: this.#view.get('nodeStatus', container.nodeId)?.state === 'down',
            network: this.#networkOn(container.nodeId),
          });
    if (after === undefined) this.#containers.delete(id);
    else this.#containers.set(id, after);
    if (after !== undefined) this.#need({ ...nothingNeeded, ...after });
    if (before !== undefined) this.#unneed({ ...nothingNeeded, ...before });
    this.#replaceEndpoints(before, after);
  }

  #replaceEndpoints(before: Pick<TaskShare, 'endpoints'> | undefined, after: Pick<TaskShare, 'endpoints'> | undefined) {
    const kept = new Set(after?.endpoints.map(assignmentKey));
    for (const endpoint of before?.endpoints ?? []) {
      if (!kept.has(assignmentKey(endpoint))) this.#group(endpoint.networkId).remove(assignmentKey(endpoint));
    }
    for (const endpoint of after?.endpoints ?? []) {
      const known = this.#group(endpoint.networkId).items.get(assignmentKey(endpoint));
      if (known?.kind !== 'endpoint' || !sameEndpoint(known, endpoint)) this.#group(endpoint.networkId).put(endpoint);
    }
  }

  #replaceTask(before: TaskShare | undefined, after: TaskShare | undefined): void {
    if (before !== undefined && before.needs.nodeId !== after?.needs.nodeId) {
      this.#nodes.get(before.needs.nodeId)?.own.remove(assignmentKey(before.assigned));
    }
    const moved = before?.needs.nodeId !== after?.needs.nodeId;
    if (after !== undefined && (moved || !sameTask(before?.assigned, after.assigned))) {
      this.#part(after.needs.nodeId).own.put(after.assigned);
    }
  }

  #share(id: string): TaskShare | undefined {
    const task = this.#view.get('task', id);
    if (task === undefined || !isPlaced(task) || this.#view.get('node', task.nodeId) === undefined) return undefined;
    const observed = unadopted(this.#view);
    const { status } = knownIn(this.#view, task);
    this.#follow(task, status);
    const nodeDown = this.#view.get('nodeStatus', task.nodeId)?.state === 'down';
    const service = this.#view.get('service', task.serviceId);
    const virtual = new Set(service?.virtualIps?.map(({ networkId }) => networkId));
    const ports = service?.spec.endpoint?.mode === 'dnsrr' ? servedBy(service.spec) : [];
    const network = this.#networkOn(task.nodeId);
    const endpoints = endpointsOf(task, { status, observed, nodeDown, virtual, ports, network });
    const needs = needsOf(task, hasEndpoints(status, observed));
    return { needs, assigned: assignedTaskOf(task, service, this.#network), endpoints };
  }

  #need({ nodeId, networks, secrets, configs }: TaskNeeds): void {
    const part = this.#part(nodeId);
    for (const id of networks) if (part.networks.add(id)) this.#membersOf(id).add(nodeId);
    for (const id of secrets) if (part.secrets.add(id)) this.#giveFile(part, 'secret', id);
    for (const id of configs) if (part.configs.add(id)) this.#giveFile(part, 'config', id);
  }

  #unneed({ nodeId, networks, secrets, configs }: TaskNeeds): void {
    const part = this.#nodes.get(nodeId);
    if (part === undefined) return;
    for (const id of networks) {
      if (!part.networks.drop(id)) continue;
      this.#membersOf(id).delete(nodeId);
      if (this.#membersOf(id).size === 0) this.#members.delete(id);
    }
    for (const id of secrets) if (part.secrets.drop(id)) part.own.remove(`secret:${id}`);
    for (const id of configs) if (part.configs.drop(id)) part.own.remove(`config:${id}`);
  }

  #foldFile(kind: 'secret' | 'config', id: string): void {
    for (const part of this.#nodes.values()) {
      if ((kind === 'secret' ? part.secrets : part.configs).has(id)) this.#giveFile(part, kind, id);
    }
  }

  #giveFile(part: NodePart, kind: 'secret' | 'config', id: string): void {
    const item = this.#file(kind, id);
    if (item === undefined) part.own.remove(`${kind}:${id}`);
    else part.own.put(item);
  }

  #file(kind: 'secret' | 'config', id: string): Assignment | undefined {
    if (kind === 'secret') {
      const secret = this.#view.get('secret', id);
      return secret === undefined ? undefined : secretOf(secret);
    }
    const config = this.#view.get('config', id);
    return config === undefined ? undefined : configOf(config);
  }

  #part(nodeId: string): NodePart {
    let part = this.#nodes.get(nodeId);
    if (part === undefined) this.#nodes.set(nodeId, (part = new NodePart()));
    return part;
  }

  #group(networkId: string): Group {
    let group = this.#networks.get(networkId);
    if (group === undefined) this.#networks.set(networkId, (group = new Group()));
    return group;
  }

  #membersOf(networkId: string): Set<string> {
    let members = this.#members.get(networkId);
    if (members === undefined) this.#members.set(networkId, (members = new Set()));
    return members;
  }
}

/** Of what is not known yet names are not withdrawn. */
const isRunning = ({ nodeId }: SingleContainer, status: SingleContainerStatus | undefined): boolean =>
  status === undefined || (status.running && status.nodeId === nodeId);

const nothingNeeded = { secrets: [], configs: [] };
