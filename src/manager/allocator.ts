import { AddressBook } from '../core/allocate/addresses.ts';
import { allocateContainer } from '../core/allocate/container.ts';
import type { AttachmentWish } from '../core/allocate/container.ts';
import type { Allocation } from '../core/allocate/subnet.ts';
import { allocateTask } from '../core/allocate/task.ts';
import { allocateVirtualIps } from '../core/allocate/virtual.ts';
import { hasLiveSuccessor, isOutOfTheWay, placeOf, standingOf } from '../core/task/known.ts';
import type { ContainerAttachment } from '../model/attachment.ts';
import type { TaskId } from '../model/ids.ts';
import type { Network, NetworkSpec } from '../model/network.ts';
import type { Service, VirtualIp } from '../model/service.ts';
import { isTerminal } from '../model/task.ts';
import type { Task, TaskAddress } from '../model/task.ts';
import type { Change, ChangeOf, Store, View } from '../store/store.ts';
import { knownIn, predecessorsOf, unadopted } from './observed.ts';
import { giveSubnet } from './subnets.ts';
import type { NetworkSubnets } from './subnets.ts';

/** Gives addresses and subnets, each to one. Its book follows the commits; what is given counts at once. */
export interface Allocator extends Disposable {
  /** Addresses for a task, out of the state that `view` shows. */
  giveTask(view: View, task: Task): Allocation<readonly TaskAddress[]>;
  /** The commit that these tasks were given addresses in has failed. */
  takeBack(taskIds: Iterable<TaskId>): void;
  /** The attachments of a container that is no task's: those that it has, and one for each wish. */
  giveContainer(
    view: View,
    containerId: string,
    wishes: readonly AttachmentWish[],
  ): Allocation<readonly ContainerAttachment[]>;
  /** The commit that the container was given attachments in has failed. */
  takeBackContainer(containerId: string): void;
  /** The virtual addresses of a service: those that it keeps, and new ones where there is room. */
  giveService(view: View, service: Service): readonly VirtualIp[];
  /** The commit that these services were given addresses in has failed. */
  takeBackServices(serviceIds: Iterable<string>): void;
  giveSubnet(view: View, spec: NetworkSpec): Allocation<NetworkSubnets>;
  /** Compares the book with every row. */
  resync(): void;
  /** Calls the listener synchronously when room was made. */
  onFreed(listener: () => void): Disposable;
}

export const createAllocator = (store: Pick<Store, 'view' | 'subscribe'>): Allocator => {
  const book = new AddressBook();
  const listeners = new Set<() => void>();
  const { view } = store;

  const follow = (taskId: TaskId): void => {
    const task = view.get('task', taskId);
    if (task?.addresses !== undefined && holdsAddresses(view, task)) {
      if (!book.holds(taskId)) book.note(taskId, task.addresses);
    } else if (task === undefined || task.addresses !== undefined) free([taskId]);
  };
  const free = (taskIds: Iterable<TaskId>): void => {
    let freed = false;
    for (const id of taskIds) if (book.holds(id) && book.release(id)) freed = true;
    if (freed) for (const listener of listeners) listener();
  };
  const followService = (id: string): void => {
    if (!book.replace(id, view.get('service', id)?.virtualIps ?? [])) return;
    for (const listener of listeners) listener();
  };
  const followContainer = (id: string): void => {
    if (!book.replace(id, view.get('container', id)?.attachments ?? [])) return;
    for (const listener of listeners) listener();
  };
  /** With the end of what an agent started by itself, the task before it gives its addresses back, too. */
  const followEnd = ({ id, before, after }: ChangeOf<'taskStatus'>): void => {
    follow(id as TaskId);
    const nodeId = (after ?? before)?.nodeId;
    if (nodeId === undefined || view.get('task', id) !== undefined) return;
    for (const task of predecessorsOf(view, nodeId, id)) follow(task.id);
  };
  const onChange = (change: Change): void => {
    switch (change.table) {
      case 'network':
        if (change.after === undefined) book.removeNetwork(change.id);
        else book.setNetwork(change.after);
        break;
      case 'task':
        if (
          change.before?.addresses !== change.after?.addresses ||
          change.before?.finalStatus !== change.after?.finalStatus
        )
          follow(change.id as TaskId);
        // What a successor has, its predecessor has no more.
        if (change.before === undefined && change.after?.predecessor !== undefined) follow(change.after.predecessor);
        break;
      case 'taskStatus':
        if (change.after === undefined || isTerminal(change.after.state)) followEnd(change);
        break;
      case 'service':
        if (change.before?.virtualIps !== change.after?.virtualIps) followService(change.id);
        break;
      case 'node':
      case 'nodeStatus':
      case 'secret':
      case 'config':
        break;
      case 'container':
        if (change.before?.attachments !== change.after?.attachments) followContainer(change.id);
        break;
      case 'containerStatus':
      case 'client':
      case 'route':
      case 'volume':
      case 'cluster':
        break;
    }
  };
  const resync = (): void => {
    for (const network of view.list('network')) book.setNetwork(network);
    for (const task of view.list('task')) follow(task.id);
    for (const { id, virtualIps } of view.list('service')) {
      if (virtualIps !== undefined && !book.holds(id)) book.note(id, virtualIps);
    }
    for (const { id, attachments } of view.list('container')) {
      if (attachments !== undefined && !book.holds(id)) book.note(id, attachments);
    }
  };
  resync();
  const subscription = store.subscribe((commit) => commit.changes.forEach(onChange));
  return {
    giveTask: (from, task) =>
      allocateTask(task, book, {
        network: (id) => from.get('network', id),
        ingress: publishesEverywhere(from.get('service', task.serviceId)) ? ingressNetwork(from)?.id : undefined,
        mayTakeOver: (owner) => mayTakeOver(from, task, owner),
      }),
    takeBack: (taskIds) => {
      const lost = [...taskIds].filter((id) => view.get('task', id)?.addresses === undefined);
      free(lost);
    },
    giveContainer: (from, containerId, wishes) =>
      allocateContainer(containerId, from.get('container', containerId)?.attachments ?? [], wishes, book, {
        network: (id) => from.get('network', id),
        asked: (owner, networkId, address) =>
          from
            .get('container', owner)
            ?.attachments?.some(
              (one) =>
                one.networkId === networkId &&
                ((one.address === address && one.fixed === true) || one.address6 === address),
            ) === true,
      }),
    takeBackContainer: followContainer,
    giveService: (from, service) => allocateVirtualIps(service, book, (id) => from.get('network', id)),
    takeBackServices: (serviceIds) => {
      for (const id of serviceIds) followService(id);
    },
    giveSubnet: (from, spec) => giveSubnet(from, book, spec),
    resync,
    onFreed: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
};

/** A task holds its addresses until it, or what its agent started in its place, was seen to have ended. */
const holdsAddresses = (view: View, task: Task): boolean => {
  const { status } = knownIn(view, task);
  return !isTerminal(status.state) || hasLiveSuccessor(status, unadopted(view));
};

const mayTakeOver = (view: View, task: Task, owner: string): boolean => {
  if (view.get('container', owner) !== undefined || view.get('service', owner) !== undefined) return false;
  const other = view.get('task', owner);
  if (other === undefined) return true;
  if (other.serviceId !== task.serviceId || placeOf(other) !== placeOf(task)) return false;
  return isOutOfTheWay(knownIn(view, other), {
    standing: (nodeId) => standingOf(view.get('node', nodeId), view.get('nodeStatus', nodeId)),
    observed: unadopted(view),
  });
};

/** Whether the service needs the ingress network. */
export const publishesEverywhere = (service: Service | undefined): boolean =>
  service?.ports.some(({ mode }) => mode === 'ingress') === true;

/** The one network that ports published on every node are served on; as it can be taken away, there may be none. */
export const ingressNetwork = (view: View): Network | undefined =>
  view.find('network', 'name', firstIngress).find(isIngress) ?? Array.from(view.list('network')).find(isIngress);

/** The name that it has in a new cluster. */
export const firstIngress = 'ingress';

const isIngress = ({ spec }: Network): boolean => spec.ingress === true;
