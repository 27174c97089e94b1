import type { NodeInfo } from '../node-info.ts';
import { heapify, removeFirst, resettle } from './heap.ts';
import type { Picker, Rank } from './picker.ts';

/** Ranks in the order of a heap: putting a task costs the logarithm of the number of nodes. Equal ranks: the older node. */
export const rankedPicker = (candidates: readonly NodeInfo[], rank: Rank): Picker => {
  const heap = [...candidates];
  for (const node of heap) node.rank = rank(node);
  heapify(heap, isBefore);
  return {
    peek: () => heap[0],
    settle: (stillFits) => {
      const top = heap[0];
      if (top === undefined) return;
      if (!stillFits) {
        removeFirst(heap, isBefore);
        return;
      }
      top.rank = rank(top);
      resettle(heap, isBefore);
    },
  };
};

const isBefore = (left: NodeInfo, right: NodeInfo): boolean =>
  left.rank < right.rank || (left.rank === right.rank && left.position < right.position);
