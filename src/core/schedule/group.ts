import type { Task } from '../../model/task.ts';
import { Failures } from './failures.ts';
import { fitCheck, roomCheck } from './filters/filters.ts';
import type { Check } from './filters/filter.ts';
import { requirementsOf } from './requirements.ts';
import type { Requirements } from './requirements.ts';
import type { PublishedPort } from '../../model/service.ts';
import type { Verdicts } from './verdicts.ts';

/** Tasks of one service with one specification: alike to the scheduler, so that filters run once for all of them. */
export class TaskGroup {
  readonly serviceId: string;
  readonly specVersion: number;
  readonly failures = new Failures();
  /** To be placed, in the order that they came. */
  readonly pending = new Map<string, Task>();
  /** Tasks that it stands for, pending or on nodes. */
  members = 0;
  requirements: Requirements;
  /** Every filter. */
  check: Check;
  /** Only the filters that a placement can change. */
  room: Check;
  /** Present while the group waits for room. */
  verdicts: Verdicts | undefined;
  /** What was last said of its pending tasks, and of which it was not said yet. */
  explanation: string | undefined;
  untold: Task[] = [];

  constructor(task: Task, ports: readonly PublishedPort[]) {
    this.serviceId = task.serviceId;
    this.specVersion = task.specVersion;
    this.requirements = requirementsOf(task.spec, ports);
    this.check = fitCheck(this.requirements, this.serviceId);
    this.room = roomCheck(this.requirements, this.serviceId);
  }

  /** Nothing of it is pending any more. */
  rest(): void {
    this.verdicts = undefined;
    this.explanation = undefined;
    this.untold = [];
  }

  /** The service publishes other ports. What runs keeps those that it has. */
  republish(hostPorts: readonly string[]): void {
    this.requirements = { ...this.requirements, hostPorts };
    this.check = fitCheck(this.requirements, this.serviceId);
    this.room = roomCheck(this.requirements, this.serviceId);
    this.verdicts = undefined;
  }
}
