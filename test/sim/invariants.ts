import type { Service } from '../../src/model/service.ts';
import { isTerminal, movesForward } from '../../src/model/task.ts';
import type { Task, TaskState } from '../../src/model/task.ts';
import type { Change, ChangeOf, Commit, Store } from '../../src/store/store.ts';
import type { FakeContainer } from '../fakes/engine/container.ts';
import type { SimNode } from './node.ts';
import { withinParallelism } from './updates.ts';
import { Violation } from './violation.ts';

/** Rules that hold at every step, whatever fails. Looks at what changed, not at everything. */
export interface Invariants {
  started(store: Store): void;
  committed(store: Store, commit: Commit): void;
  /** After each event: the engines, where one has started something since. */
  stepped(store: Store | undefined): void;
}

const isWanted = ({ desiredState }: Task): boolean => desiredState !== 'shutdown' && desiredState !== 'remove';
const stateOf = (store: Store, task: Task): TaskState =>
  task.finalStatus?.state ?? store.view.get('taskStatus', task.id)?.state ?? 'new';

export function createInvariants(nodes: readonly SimNode[]): Invariants {
  const states = taskStates();
  const lost = lostTasks(nodes);
  const excused = new Set<FakeContainer>();
  const pairs = new Set<string>();
  let starts = 0;
  return {
    started: (store) => {
      states.started(store);
      lost.started(store);
      for (const network of store.view.list('network')) oneSubnet(store, network.id);
      onePort(store);
    },
    committed: (store, commit) => {
      for (const change of commit.changes) {
        if (change.table === 'task') {
          oneTaskPerPlace(store, change);
          oneAddressPerTask(store, change);
          placedWhereItMay(store, change);
        } else if (change.table === 'taskStatus') states.forward(change);
        else if (change.table === 'network') oneSubnet(store, change.id);
        lost.note(store, change);
      }
      withinParallelism(store, commit);
      if (commit.changes.some((change) => change.table === 'service')) onePort(store);
      if (commit.changes.some(({ table }) => table === 'service' || table === 'task')) ownVirtualIps(store);
    },
    stepped: (store) => {
      let now = 0;
      for (const node of nodes) now += node.engine.calls['start'] ?? 0;
      if (now === starts) return;
      starts = now;
      for (const node of nodes) for (const container of goingByOlderWord(node)) excused.add(container);
      checkRunning(nodes, lost, excused, () => new Places(store, pairs));
    },
  };
}

/** States only move forward, as the manager tells them. */
function taskStates() {
  let states = new Map<string, TaskState>();
  return {
    started: (store: Store): void => {
      states = new Map([...store.view.list('taskStatus')].map((status) => [status.taskId, status.state]));
    },
    forward: ({ id, after }: ChangeOf<'taskStatus'>): void => {
      if (!after) return void states.delete(id);
      const before = states.get(id);
      const { state } = after;
      if (before !== undefined && before !== state && !movesForward(before, state))
        throw new Violation(`task ${id} went back from ${before} to ${state}`);
      states.set(id, state);
    },
  };
}

interface Lost {
  readonly tasks: ReadonlySet<string>;
  readonly nodes: ReadonlySet<string>;
}

/** Tasks that were replaced though they may run: their node was down, or was removed. */
function lostTasks(machines: readonly SimNode[]): Lost & {
  started(store: Store): void;
  note(store: Store, change: Change): void;
} {
  const tasks = new Set<string>();
  const nodes = new Set<string>();
  const loseAll = (store: Store, nodeId: string): void => {
    for (const task of store.view.find('task', 'node', nodeId)) if (task.slot !== undefined) tasks.add(task.id);
    for (const status of store.view.find('taskStatus', 'node', nodeId)) tasks.add(status.taskId);
    // The agent goes on with what the manager has never heard of: all of a lineage have the same root.
    for (const { engine } of machines) {
      for (const { body } of engine.containers.values()) {
        if (body.Labels?.['tutti.node'] === nodeId && body.Labels['tutti.slot'] !== undefined)
          tasks.add(body.Labels['tutti.root'] ?? '');
      }
    }
  };
  return {
    tasks,
    nodes,
    started: (store) => {
      for (const { nodeId, state } of store.view.list('nodeStatus')) if (state === 'down') loseAll(store, nodeId);
    },
    note: (store, change) => {
      if (change.table === 'nodeStatus' && change.after?.state === 'down') loseAll(store, change.id);
      if (change.table === 'node' && change.after === undefined) nodes.add(change.id);
      if (change.table === 'task' && change.after?.nodeId !== undefined && change.after.slot !== undefined) {
        if (store.view.get('nodeStatus', change.after.nodeId)?.state === 'down') tasks.add(change.id);
      }
    },
  };
}

/** One task is wanted for a place, and one more of another version while an update starts it first. */
function oneTaskPerPlace(store: Store, { after: task }: ChangeOf<'task'>): void {
  if (!task || !isWanted(task)) return;
  const same = (other: Task): boolean =>
    other.slot === task.slot && (task.slot !== undefined || other.nodeId === task.nodeId);
  const wanted = store.view
    .find('task', 'service', task.serviceId)
    .filter((other) => isWanted(other) && same(other) && !isTerminal(stateOf(store, other)));
  const versions = new Set(wanted.map(({ specVersion }) => specVersion));
  if (wanted.length > 2 || versions.size < wanted.length) {
    const place = task.slot === undefined ? `on ${task.nodeId}` : `in slot ${task.slot}`;
    throw new Violation(
      `${task.serviceName} has ${wanted.length} tasks ${place}: ${wanted.map(({ id }) => id).join(' ')}`,
    );
  }
}

/** Decided and committed: what a node has become in between nobody could know. */
const decisionMs = 100;

/** Only a node that is active and ready is given tasks. Those of global services have theirs from the start. */
function placedWhereItMay(store: Store, { before, after: task }: ChangeOf<'task'>): void {
  if (before === undefined || before.nodeId !== undefined || task?.nodeId === undefined) return;
  const node = store.view.get('node', task.nodeId);
  const status = store.view.get('nodeStatus', task.nodeId);
  const since = task.updatedAt - decisionMs;
  if (node !== undefined && node.spec.availability !== 'active' && node.updatedAt < since)
    throw new Violation(`task ${task.id} was placed on ${node.id}, which is set to ${node.spec.availability}`);
  if (status !== undefined && status.state !== 'ready' && status.since < since)
    throw new Violation(`task ${task.id} was placed on ${task.nodeId}, which is ${status.state}`);
}

function oneAddressPerTask(store: Store, { after: task }: ChangeOf<'task'>): void {
  if (task?.addresses === undefined || task.addresses.length === 0 || !holdsAddresses(store, task)) return;
  const own = new Set(task.addresses.map(({ networkId, address }) => `${networkId} ${address}`));
  for (const other of store.view.list('task')) {
    if (other.id === task.id || other.addresses === undefined || other.finalStatus !== undefined) continue;
    for (const { networkId, address } of other.addresses) {
      if (own.has(`${networkId} ${address}`) && holdsAddresses(store, other))
        throw new Violation(`address ${address} is given to ${task.id} and ${other.id} of ${other.serviceName}`);
    }
  }
}

/** A service's address is nobody else's, on a network that it is on. */
function ownVirtualIps(store: Store): void {
  const owners = new Map<string, string>();
  for (const { spec, virtualIps = [] } of store.view.list('service')) {
    const networks = spec.endpoint?.mode === 'dnsrr' ? [] : (spec.task.networks ?? []);
    for (const { networkId, address } of virtualIps) {
      const key = `${networkId} ${address}`;
      const other = owners.get(key);
      if (other !== undefined) throw new Violation(`address ${address} is given to ${other} and ${spec.name}`);
      owners.set(key, spec.name);
      if (!networks.some((one) => one.networkId === networkId))
        throw new Violation(`service ${spec.name} has address ${address} on ${networkId}, which it is not on`);
    }
  }
  for (const task of store.view.list('task')) {
    for (const { networkId, address } of task.addresses ?? []) {
      const owner = owners.get(`${networkId} ${address}`);
      if (owner !== undefined && task.finalStatus === undefined && holdsAddresses(store, task))
        throw new Violation(`address ${address} is given to task ${task.id} and service ${owner}`);
    }
  }
}

/** Not one that has ended, or whose node was removed: nothing of it is known to run. */
const holdsAddresses = (store: Store, task: Task): boolean =>
  !isTerminal(stateOf(store, task)) && (task.nodeId === undefined || store.view.get('node', task.nodeId) !== undefined);

function oneSubnet(store: Store, id: string): void {
  const network = store.view.get('network', id);
  if (network?.subnet === undefined) return;
  for (const other of store.view.list('network'))
    if (other.id !== id && other.subnet === network.subnet)
      throw new Violation(`subnet ${network.subnet} is given to ${network.spec.name} and ${other.spec.name}`);
}

function onePort(store: Store): void {
  const owners = new Map<string, string>();
  for (const service of store.view.list('service')) {
    for (const { protocol, published, mode } of service.ports) {
      if (mode !== 'ingress') continue;
      const key = `${protocol}/${published}`;
      const owner = owners.get(key);
      if (owner !== undefined) throw new Violation(`port ${key} is given to ${owner} and ${service.spec.name}`);
      owners.set(key, service.spec.name);
    }
  }
}

/** Containers of tasks that the node was told to stop, and has forgotten that it was. */
function* goingByOlderWord({ engine, outdated }: SimNode): Iterable<FakeContainer> {
  if (outdated.size === 0) return;
  for (const container of engine.containers.values()) {
    const { 'tutti.task': task = '', 'tutti.root': root = '' } = container.body.Labels ?? {};
    if (outdated.has(task) || outdated.has(root)) yield container;
  }
}

/** What runs now, over all engines. */
function checkRunning(
  nodes: readonly SimNode[],
  lost: Lost,
  excused: ReadonlySet<FakeContainer>,
  makePlaces: () => Places,
): void {
  const addresses = new Map<string, string>();
  const everywhere = makePlaces();
  for (const node of nodes) {
    const here = makePlaces();
    for (const container of node.engine.containers.values()) {
      if (container.state !== 'running') continue;
      const labels = container.body.Labels ?? {};
      // A node that was removed cannot be told to stop what it runs before it hears of it.
      if (lost.nodes.has(labels['tutti.node'] ?? '')) continue;
      // Whatever word an agent goes by, what is on its own node it sees.
      here.run(container);
      if (excused.has(container)) continue;
      oneAddress(addresses, node, container);
      if (lost.tasks.has(labels['tutti.task'] ?? '') || lost.tasks.has(labels['tutti.root'] ?? '')) continue;
      everywhere.run(container);
    }
  }
}

/** The tasks that run in each place. */
class Places {
  readonly #store: Store | undefined;
  readonly #pairs: Set<string>;
  readonly #places = new Map<string, Map<string, FakeContainer>>();

  /** `pairs`: tasks that were started beside one another, as their service said then: it may say otherwise since. */
  constructor(store: Store | undefined, pairs: Set<string>) {
    this.#store = store;
    this.#pairs = pairs;
  }

  /** Throws when there is one too many. */
  run(container: FakeContainer): void {
    const labels = container.body.Labels ?? {};
    const place = `${labels['tutti.service']} ${labels['tutti.slot'] ?? labels['tutti.node']}`;
    const tasks = this.#places.get(place) ?? new Map<string, FakeContainer>();
    this.#places.set(place, tasks.set(labels['tutti.task'] ?? '', container));
    if (tasks.size <= 1 || (tasks.size === 2 && this.#mayPair(place, tasks))) return;
    const names = [...tasks.values()].map(({ name }) => name).join(' and ');
    throw new Violation(`${tasks.size} tasks run in one place: ${names}`);
  }

  #mayPair(place: string, tasks: ReadonlyMap<string, unknown>): boolean {
    const service = this.#store?.view.get('service', place.split(' ')[0] ?? '');
    // Without a manager, or when the service has just gone, nobody says: then it may.
    if (service === undefined) return true;
    const pair = [...tasks.keys()].toSorted().join(' ');
    if (startsFirst(service)) this.#pairs.add(pair);
    return this.#pairs.has(pair);
  }
}

function oneAddress(owners: Map<string, string>, node: SimNode, container: FakeContainer): void {
  for (const [network, endpoint] of Object.entries(container.body.NetworkingConfig?.EndpointsConfig ?? {})) {
    const address = endpoint?.IPAMConfig?.IPv4Address;
    if (!address) continue;
    const key = `${address} of ${network}`;
    const owner = owners.get(key);
    if (owner !== undefined)
      throw new Violation(`address ${key} is used by ${owner} and by ${container.name} on ${node.name}`);
    owners.set(key, `${container.name} on ${node.name}`);
  }
}

function startsFirst({ spec, previousSpec }: Service): boolean {
  const policies = [spec.update, spec.rollback, previousSpec?.update, previousSpec?.rollback];
  return policies.some((policy) => policy?.order === 'start-first');
}
