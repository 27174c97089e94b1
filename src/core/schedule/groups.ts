import type { PublishedPort } from '../../model/service.ts';
import type { Task } from '../../model/task.ts';
import { TaskGroup } from './group.ts';
import { hostPortsOf } from './requirements.ts';

const noPorts: readonly PublishedPort[] = [];

/** The groups of a model. One lives as long as it has members, or failures to remember. */
export class Groups {
  /** To be looked at by the next decision. */
  readonly dirty = new Set<TaskGroup>();
  /** With tasks that fitted nowhere. */
  readonly stuck = new Set<TaskGroup>();
  readonly #byService = new Map<string, Map<number, TaskGroup>>();
  readonly #idle = new Set<TaskGroup>();
  readonly #ports = new Map<string, readonly PublishedPort[]>();

  /** The group that the task belongs to, with one member more. */
  join(task: Task): TaskGroup {
    let versions = this.#byService.get(task.serviceId);
    if (versions === undefined) this.#byService.set(task.serviceId, (versions = new Map()));
    let group = versions.get(task.specVersion);
    if (group === undefined) {
      group = new TaskGroup(task, this.#ports.get(task.serviceId) ?? noPorts);
      versions.set(task.specVersion, group);
    }
    group.members += 1;
    return group;
  }

  leave(group: TaskGroup): void {
    group.members -= 1;
    if (group.members > 0) return;
    this.dirty.delete(group);
    this.stuck.delete(group);
    group.rest();
    if (group.failures.isEmpty) this.#forget(group);
    else this.#idle.add(group);
  }

  /** Forgets groups that were kept only to remember failures, once those are too old to matter. */
  sweep(now: number): void {
    for (const group of this.#idle) {
      if (group.members > 0) this.#idle.delete(group);
      else if (group.failures.areOver(now)) this.#forget(group);
    }
  }

  #forget(group: TaskGroup): void {
    this.#idle.delete(group);
    const versions = this.#byService.get(group.serviceId);
    versions?.delete(group.specVersion);
    if (versions?.size === 0) this.#byService.delete(group.serviceId);
  }

  /** The ports that a service publishes; none forgets them. */
  setPorts(serviceId: string, ports: readonly PublishedPort[]): void {
    const before = hostPortsOf(this.#ports.get(serviceId) ?? noPorts).join();
    if (ports.length === 0) this.#ports.delete(serviceId);
    else this.#ports.set(serviceId, ports);
    const hostPorts = hostPortsOf(ports);
    if (hostPorts.join() === before) return;
    for (const group of this.#byService.get(serviceId)?.values() ?? []) {
      group.republish(hostPorts);
      if (group.pending.size > 0) this.dirty.add(group);
    }
  }
}
