import type { NodeInfo } from '../node-info.ts';
import type { Reason } from '../refusal.ts';
import type { Requirements } from '../requirements.ts';
import type { Tally } from '../tally.ts';

/** Undefined: the node passes. */
export type Check = (node: NodeInfo) => Reason | undefined;

export interface Filter {
  readonly name: string;
  /** Whether the verdict can change when tasks come and go on the node; otherwise only when the node itself changes. */
  readonly dependsOnTasks: boolean;
  /** The check for tasks with these requirements, with its reasons made beforehand. Undefined: every node passes. */
  readonly prepare: (requirements: Requirements, tally: Tally) => Check | undefined;
}

/** A check that looks at the node's row alone: whether the node is of the right kind. */
export type KindCheck = (node: Pick<NodeInfo, 'node'>) => Reason | undefined;

export interface KindFilter extends Filter {
  readonly prepare: (requirements: Requirements) => KindCheck | undefined;
}
