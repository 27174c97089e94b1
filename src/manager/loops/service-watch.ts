import { isTerminal } from '../../model/task.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import type { Service } from '../../model/service.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Change, ChangeOf, Commit, View } from '../../store/store.ts';
import { predecessorsOf } from '../observed.ts';

type Mark = (serviceId: string) => void;

/**
 * Which services a commit makes worth looking at, and since when tasks have been running. Everything in it can be
 * worked out again from the tables; what is lost with it is at most some seconds of an update's patience.
 */
export class ServiceWatch {
  readonly #view: View;
  readonly #clock: Pick<Clock, 'now'>;
  /**
   * Task id → when it was first seen ready, by this clock. Of one that has ended: by its node's clock, as its end is, so
   * that the two tell how long it ran though the clocks differ.
   */
  readonly #running = new Map<string, number>();
  /** Services with a task per node: any node may concern them. */
  readonly #global = new Set<string>();
  /** Name of a service → services that depend on it. */
  readonly #dependents = new Map<string, Set<string>>();

  constructor(view: View, clock: Pick<Clock, 'now'>) {
    this.#view = view;
    this.#clock = clock;
    for (const service of view.list('service')) this.#learn(service);
    for (const status of view.list('taskStatus')) if (isReady(status)) this.#running.set(status.taskId, clock.now());
  }

  readonly runningSince = (taskId: string): number | undefined => this.#running.get(taskId);

  /** Every service, and those that are gone but not all of their tasks. */
  services(view: View): Iterable<string> {
    const ids = new Set<string>();
    for (const { id } of view.list('service')) ids.add(id);
    for (const { serviceId } of view.list('task')) ids.add(serviceId);
    return ids;
  }

  note(commit: Commit, mark: Mark): void {
    for (const change of commit.changes) this.#noteChange(change, mark);
  }

  #noteChange(change: Change, mark: Mark): void {
    switch (change.table) {
      case 'service':
        this.#noteService(change, mark);
        break;
      case 'task':
        this.#noteTask(change, mark);
        break;
      case 'taskStatus':
        this.#noteStatus(change, mark);
        break;
      case 'node':
        if (!sameForServices(change.before, change.after)) this.#markNode(change.id, mark);
        break;
      case 'nodeStatus':
        if (standing(change.before) !== standing(change.after)) this.#markNode(change.id, mark);
        break;
      case 'network':
      case 'secret':
      case 'config':
      case 'container':
      case 'containerStatus':
      case 'client':
      case 'route':
      case 'volume':
      case 'cluster':
        break;
    }
  }

  #noteService({ id, before, after }: ChangeOf<'service'>, mark: Mark): void {
    if (before !== undefined) this.#forget(before);
    if (after !== undefined) this.#learn(after);
    mark(id);
    const name = (after ?? before)?.spec.name;
    if (name !== undefined) this.#markDependents(name, mark);
  }

  #noteTask({ id, before, after }: ChangeOf<'task'>, mark: Mark): void {
    if (after !== undefined) return;
    this.#running.delete(id);
    // A place that waited for it may be free.
    if (before !== undefined) mark(before.serviceId);
  }

  #noteStatus({ id, before, after }: ChangeOf<'taskStatus'>, mark: Mark): void {
    if (after === undefined || isTerminal(after.state)) this.#noteUnadoptedEnd(id, (after ?? before)?.nodeId, mark);
    if (after === undefined) return;
    const running = isReady(after);
    if (running && !this.#running.has(id)) this.#running.set(id, this.#clock.now());
    if (!running && !isTerminal(after.state)) this.#running.delete(id);
    if (isTerminal(after.state) && before !== undefined && !isTerminal(before.state)) this.#noteEnd(after);
    const task = this.#view.get('task', id);
    if (task === undefined) return;
    if (isTerminal(after.state)) {
      if (before === undefined || !isTerminal(before.state) || before.successor !== after.successor) {
        mark(task.serviceId);
        this.#markDependents(task.serviceName, mark);
      }
    } else if (running !== isReady(before) || after.state !== before?.state) {
      if (this.#isUpdating(task)) mark(task.serviceId);
      this.#markDependents(task.serviceName, mark);
    }
  }

  #noteEnd({ taskId, timestamp }: TaskStatus): void {
    const since = this.#running.get(taskId);
    if (since !== undefined) this.#running.set(taskId, timestamp - (this.#clock.now() - since));
  }

  /** A task that an agent started by itself, and nobody adopted, has ended: a place that waited for it may be free. */
  #noteUnadoptedEnd(taskId: string, nodeId: string | undefined, mark: Mark): void {
    if (nodeId === undefined || this.#view.get('task', taskId) !== undefined) return;
    for (const task of predecessorsOf(this.#view, nodeId, taskId)) mark(task.serviceId);
  }

  /** An update goes on, or was paused with new tasks beside old ones. */
  #isUpdating({ serviceId }: Task): boolean {
    const state = this.#view.get('service', serviceId)?.updateStatus?.state;
    return state !== undefined && state !== 'completed' && state !== 'rollback_completed';
  }

  #markNode(nodeId: string, mark: Mark): void {
    for (const { serviceId } of this.#view.find('task', 'node', nodeId)) mark(serviceId);
    for (const id of this.#global) mark(id);
  }

  #markDependents(name: string, mark: Mark): void {
    for (const id of this.#dependents.get(name) ?? []) mark(id);
  }

  #learn({ id, spec }: Service): void {
    if (spec.mode.kind === 'global' || spec.mode.kind === 'global-job') this.#global.add(id);
    for (const { service } of spec.dependsOn ?? []) {
      const dependents = this.#dependents.get(service);
      if (dependents === undefined) this.#dependents.set(service, new Set([id]));
      else dependents.add(id);
    }
  }

  #forget({ id, spec }: Service): void {
    this.#global.delete(id);
    for (const { service } of spec.dependsOn ?? []) {
      const dependents = this.#dependents.get(service);
      dependents?.delete(id);
      if (dependents?.size === 0) this.#dependents.delete(service);
    }
  }
}

const isReady = (status: TaskStatus | undefined): boolean => status?.state === 'running' && status.ready;

/** `ready` takes tasks, `down` loses them, anything in between keeps them. */
const standing = (status: NodeStatus | undefined): string =>
  status?.state === 'ready' || status?.state === 'down' ? status.state : 'silent';

const sameForServices = (before: Node | undefined, after: Node | undefined): boolean =>
  before !== undefined && after !== undefined && before.spec === after.spec && before.description === after.description;
