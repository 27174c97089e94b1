import { allocateOverlayEndpoint } from '../../core/allocate/overlay.ts';
import { virtualNetworks } from '../../core/allocate/virtual.ts';
import { hasEnded, isWanted, knownStatus } from '../../core/task/known.ts';
import type { TaskId } from '../../model/ids.ts';
import type { Service } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import type { Change, Commit, Store, View } from '../../store/store.ts';
import type { Allocator } from '../allocator.ts';
import { startLoop } from './loop.ts';
import type { LoopPorts } from './loop.ts';

export interface AllocateLoopPorts extends LoopPorts {
  readonly allocator: Allocator;
}

/** One key for all nodes: their ends of the overlay are chosen together. */
const nodesKey = 'nodes';
/** And for all services that lack a virtual address. */
const servicesKey = 'services';

/**
 * Gives what could not be given at once: addresses to tasks that were made when none was free, and to each new node its
 * end of the overlay. A task that still gets none says why in its status.
 */
export const startAllocateLoop = (ports: AllocateLoopPorts): AsyncDisposable => {
  const { store, allocator } = ports;
  /** Tasks without addresses: tried again when room appears. */
  const waiting = new Set<string>();
  /** Services lack a virtual address: the same. */
  let lacking = false;
  const loop = startLoop(
    {
      name: 'allocate',
      dirty: (commit, mark) => noteCommit(commit, waiting, mark),
      all: function* (view) {
        allocator.resync();
        yield nodesKey;
        yield servicesKey;
        for (const task of view.list('task')) if (needsAddresses(task)) yield task.id;
      },
      pass: async (keys) => {
        for (const key of keys) if (key !== nodesKey && key !== servicesKey) waiting.add(key);
        if (waiting.size > 0) await giveAddresses(ports, waiting);
        if (keys.has(servicesKey)) lacking = await giveVirtualIps(ports);
        if (keys.has(nodesKey)) await giveOverlayEndpoints(store);
      },
    },
    ports,
  );
  const freed = allocator.onFreed(() => {
    if (waiting.size > 0) loop.mark(waiting);
    if (lacking) loop.mark([servicesKey]);
  });
  return {
    async [Symbol.asyncDispose]() {
      freed[Symbol.dispose]();
      await loop[Symbol.asyncDispose]();
    },
  };
};

const needsAddresses = (task: Task): boolean => task.addresses === undefined && isWanted(task);

const noteCommit = (commit: Commit, waiting: ReadonlySet<string>, mark: (key: string) => void): void => {
  for (const change of commit.changes) noteChange(change, waiting, mark);
};

const noteChange = (
  { table, id, after, before }: Change,
  waiting: ReadonlySet<string>,
  mark: (key: string) => void,
): void => {
  if (table === 'task') {
    if (after !== undefined && needsAddresses(after)) mark(id);
  } else if (table === 'node') {
    if (after !== undefined && after.overlay === undefined) mark(nodesKey);
  } else if (table === 'network' || (table === 'nodeStatus' && before?.state !== after?.state)) {
    // A new network has room; a fixed address may be taken over from a node that went down.
    for (const taskId of waiting) mark(taskId);
    if (table === 'network') mark(servicesKey);
  } else if (table === 'service') {
    // There was no room.
    if (after !== undefined && before !== after && mayLack(after)) mark(servicesKey);
  }
};

const giveAddresses = async ({ store, allocator, clock }: AllocateLoopPorts, waiting: Set<string>): Promise<void> => {
  const given: TaskId[] = [];
  const reasons = new Map<Task, string>();
  try {
    await store.update((transaction) => {
      for (const id of waiting) {
        const task = transaction.get('task', id);
        if (task === undefined || !needsAddresses(task)) continue;
        const allocation = allocator.giveTask(transaction, task);
        if (allocation.kind === 'refused') {
          reasons.set(task, allocation.reason);
          continue;
        }
        given.push(task.id);
        transaction.update('task', { ...task, addresses: allocation.value });
      }
    });
  } catch (error) {
    allocator.takeBack(given);
    throw error;
  }
  waiting.clear();
  for (const { id } of reasons.keys()) waiting.add(id);
  explain(store, reasons, clock.now());
};

/** Without a look at its networks. */
const mayLack = ({ spec, virtualIps = [] }: Service): boolean =>
  spec.endpoint?.mode !== 'dnsrr' && (spec.task.networks?.length ?? 0) > virtualIps.length;

const lacksVirtualIp = (view: View, service: Service): boolean => {
  const networks = virtualNetworks(service, (id) => view.get('network', id));
  return networks.length > (service.virtualIps ?? []).length;
};

/** True where some service still lacks one. Tasks come first: without its own address a service is found by theirs. */
const giveVirtualIps = async ({ store, allocator }: AllocateLoopPorts): Promise<boolean> => {
  const wanting = Array.from(store.view.list('service')).filter((service) => lacksVirtualIp(store.view, service));
  if (wanting.length === 0) return false;
  const ids = wanting.map(({ id }) => id);
  let lacking = false;
  try {
    await store.update((transaction) => {
      lacking = false;
      for (const id of ids) {
        const service = transaction.get('service', id);
        if (service === undefined || !lacksVirtualIp(transaction, service)) continue;
        const next = { ...service, virtualIps: allocator.giveService(transaction, service) };
        if (lacksVirtualIp(transaction, next)) lacking = true;
        if (next.virtualIps.length > (service.virtualIps ?? []).length) transaction.update('service', next);
      }
    });
  } catch (error) {
    allocator.takeBackServices(ids);
    throw error;
  }
  return lacking;
};

const explain = (store: Store, reasons: ReadonlyMap<Task, string>, now: number): void => {
  if (reasons.size === 0) return;
  store.observe((soft) => {
    for (const [task, message] of reasons) {
      const status = knownStatus(task, soft.get('taskStatus', task.id));
      if (hasEnded({ task, status }) || status.message === message) continue;
      soft.put('taskStatus', task.id, {
        taskId: task.id,
        state: 'pending',
        timestamp: now,
        message,
        ready: false,
        containers: [],
      });
    }
  });
};

const giveOverlayEndpoints = async (store: Store): Promise<void> => {
  await store.update((transaction) => {
    const [cluster] = transaction.list('cluster');
    if (cluster === undefined) return;
    const nodes = Array.from(transaction.list('node'));
    const taken = nodes.flatMap(({ overlay }) => overlay?.address ?? []);
    for (const node of nodes) {
      if (node.overlay !== undefined) continue;
      const allocation = allocateOverlayEndpoint(cluster.spec.overlayPool, taken);
      if (allocation.kind === 'refused') return;
      taken.push(allocation.value.address);
      transaction.update('node', { ...node, overlay: allocation.value });
    }
  });
};
