import type { NodeInfo } from '../node-info.ts';
import type { Rank } from './picker.ts';

const share = (used: number, total: number): number => (total === 0 ? 0 : used / total);

/** Fullest first by the shares of processor and memory that are reserved; without reservations, by tasks. */
export const binpackRank: Rank = (node: NodeInfo) =>
  -(share(node.usedNanoCpus, node.nanoCpus) + share(node.usedMemoryBytes, node.memoryBytes)) - node.active / 2 ** 25;
