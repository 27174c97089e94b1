import type { Attribute } from '../attribute.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Tally } from '../tally.ts';
import { heapify, removeFirst, resettle } from './heap.ts';
import type { Picker } from './picker.ts';

interface Branch {
  /** Tasks of the service on all nodes of the branch, also those that take no more. */
  tasks: number;
  readonly picker: Picker;
}

/** What spreading over preferences needs besides the candidates. */
export interface PreferredOptions {
  readonly preferences: readonly Attribute[];
  /** Every node: what runs on those that are no candidates counts as well. */
  readonly nodes: Iterable<NodeInfo>;
  readonly candidates: ReadonlySet<NodeInfo>;
  readonly tally: Tally;
  /** Chooses among the nodes of an innermost branch. */
  readonly leaf: (candidates: readonly NodeInfo[]) => Picker;
}

/**
 * Spreads evenly over the values of the first preference, within each over those of the second, and so on; a node
 * without the label is in the branch of the empty value. A branch that is full leaves its share to the others.
 */
export const preferredPicker = (options: PreferredOptions): Picker => {
  const [preference, ...rest] = options.preferences;
  const within = [...options.nodes].filter(({ node }) => node !== undefined);
  if (preference === undefined) return options.leaf(within.filter((node) => options.candidates.has(node)));
  const groups = Map.groupBy(within, ({ node }) => (node === undefined ? '' : preference.read(node)));
  const branches = [...groups.values()].map((nodes) => ({
    tasks: nodes.reduce((total, node) => total + options.tally.of(node), 0),
    picker: preferredPicker({ ...options, preferences: rest, nodes }),
  }));
  return balance(branches.filter(({ picker }) => picker.peek() !== undefined));
};

/** The branch with the fewest tasks first, in a heap. */
const balance = (heap: Branch[]): Picker => {
  heapify(heap, hasFewer);
  return {
    peek: () => heap[0]?.picker.peek(),
    settle: (stillFits) => {
      const top = heap[0];
      if (top === undefined) return;
      top.picker.settle(stillFits);
      top.tasks += 1;
      if (top.picker.peek() === undefined) removeFirst(heap, hasFewer);
      else resettle(heap, hasFewer);
    },
  };
};

const hasFewer = (left: Branch, right: Branch): boolean => left.tasks < right.tasks;
