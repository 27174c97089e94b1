import type { GenericResource } from '../../model/container.ts';
import type { Task } from '../../model/task.ts';
import { Failures } from './failures.ts';
import type { Load, NodeInfo } from './node-info.ts';
import type { Tally } from './tally.ts';
import { fitCheck, roomCheck } from './filters/filters.ts';
import type { Check } from './filters/filter.ts';
import { PendingQueue } from './pending-queue.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirements } from './requirements.ts';
import type { Verdicts } from './verdicts.ts';

const none: readonly GenericResource[] = [];

/** Tasks of one service with one specification: alike to the scheduler, so that filters run once for all of them. */
export class TaskGroup {
  readonly serviceId: string;
  readonly specVersion: number;
  /** Shared by all groups of the service. */
  readonly tally: Tally;
  readonly failures = new Failures();
  readonly queue = new PendingQueue<Entry>();
  /** Tasks that it stands for, pending or on nodes. */
  members = 0;
  readonly requirements: Requirements;
  /** Every filter. */
  readonly check: Check;
  /** Only the filters that a placement can change. */
  readonly room: Check;
  /** Present while the group waits for room. */
  verdicts: Verdicts | undefined;
  /** What was last said of its pending tasks. */
  explanation: string | undefined;

  /** What a task of it without generic resources takes: one object for all of them. */
  readonly #load: Load;

  constructor(task: Task, tally: Tally) {
    this.serviceId = task.serviceId;
    this.specVersion = task.specVersion;
    this.tally = tally;
    this.requirements = requirementsOf(task);
    this.check = fitCheck(this.requirements, tally);
    this.room = roomCheck(this.requirements, tally);
    const { nanoCpus, memoryBytes, hostPorts } = this.requirements;
    this.#load = { tally, nanoCpus, memoryBytes, hostPorts, generic: none, active: true };
  }

  /** What one more of its tasks would take on a node that it fits on. */
  loadOn(node: NodeInfo): Load {
    const { generic } = this.requirements;
    return generic.length === 0 ? this.#load : { ...this.#load, generic: node.generic.choose(generic) };
  }

  /** What a task of it that has its node takes there. */
  loadOf(task: Task, active: boolean): Load {
    const { genericResources: generic = none } = task;
    return active && generic.length === 0 ? this.#load : { ...this.#load, generic, active };
  }

  /** Nothing of it is pending any more. */
  rest(): void {
    this.verdicts = undefined;
    this.explanation = undefined;
    this.queue.clear();
  }
}

/**
 * A task in a model, one object for as long as the model has to do with it: being placed changes it and no table, which
 * is what makes placing cheap.
 */
export interface Entry {
  /** The newest row while it is pending or pinned; afterwards an older one. */
  task: Task;
  readonly group: TaskGroup;
  state: 'pending' | 'pinned' | 'placed' | 'gone';
  /** Where it is placed. */
  node: NodeInfo | undefined;
  load: Load | undefined;
}
