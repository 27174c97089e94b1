import type { Task } from '../../model/task.ts';
import { TaskGroup } from './group.ts';
import { Tally } from './tally.ts';

/** What the groups of one service share. */
interface ServiceGroups {
  readonly tally: Tally;
  readonly byVersion: Map<number, TaskGroup>;
}

/** The groups of a model. One lives as long as it has members, or failures to remember. */
export class Groups {
  /** To be looked at by the next decision. */
  readonly dirty = new Set<TaskGroup>();
  /** With tasks that fitted nowhere. */
  readonly stuck = new Set<TaskGroup>();
  readonly #services = new Map<string, ServiceGroups>();
  readonly #idle = new Set<TaskGroup>();

  /** The group that the task belongs to, with one member more. */
  join(task: Task): TaskGroup {
    let service = this.#services.get(task.serviceId);
    if (service === undefined) {
      service = { tally: new Tally(), byVersion: new Map() };
      this.#services.set(task.serviceId, service);
    }
    let group = service.byVersion.get(task.specVersion);
    if (group === undefined) {
      group = new TaskGroup(task, service.tally);
      service.byVersion.set(task.specVersion, group);
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
    const service = this.#services.get(group.serviceId);
    service?.byVersion.delete(group.specVersion);
    if (service?.byVersion.size === 0) this.#services.delete(group.serviceId);
  }
}
