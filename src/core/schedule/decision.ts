import type { GenericResource } from '../../model/container.ts';
import type { NodeId } from '../../model/ids.ts';
import type { Task } from '../../model/task.ts';
import type { Refusal } from './refusal.ts';

/** A task gets a node. */
export interface Placement {
  /** As it was when this was decided. */
  readonly task: Task;
  readonly nodeId: NodeId;
  /** What is handed to it; empty when it asks for none. */
  readonly genericResources: readonly GenericResource[];
}

/** Tasks that fit nowhere, with the reason. */
export interface Refused {
  readonly tasks: readonly Task[];
  readonly refusals: readonly Refusal[];
  /** "no suitable node (2 lack memory, 1 is drained)" */
  readonly explanation: string;
}

export interface Decision {
  readonly placements: readonly Placement[];
  /** Only what is new: tasks that were not told yet, or whose reason changed. */
  readonly refused: readonly Refused[];
  /** The limit was reached: decide again. */
  readonly more: boolean;
}
