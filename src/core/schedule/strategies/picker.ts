import type { NodeInfo } from '../node-info.ts';

/**
 * Hands out nodes for one group of tasks, the best first. After each `peek` a task was put on that node, and `settle` says
 * whether another one fits there.
 */
export interface Picker {
  peek(): NodeInfo | undefined;
  settle(stillFits: boolean): void;
}

/** Where a node stands for the group: the lowest is the best. */
export type Rank = (node: NodeInfo) => number;
