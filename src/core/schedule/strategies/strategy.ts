import type { ClusterSpec } from '../../../model/cluster.ts';
import type { TaskGroup } from '../group.ts';
import type { NodeInfo } from '../node-info.ts';
import { binpackRank } from './binpack.ts';
import type { Picker, Rank } from './picker.ts';
import { preferredPicker } from './preferred.ts';
import { randomPicker } from './random.ts';
import { rankedPicker } from './ranked.ts';
import { spreadRank } from './spread.ts';

export type Strategy = ClusterSpec['strategy'];

export interface PickerOptions {
  readonly strategy: Strategy;
  readonly group: TaskGroup;
  readonly nodes: Iterable<NodeInfo>;
  readonly candidates: readonly NodeInfo[];
  readonly now: number;
  readonly random: () => number;
}

/** Behind every rank that a strategy gives. */
const last = 2 ** 52;

/** Hands out the candidates in the order of the strategy, spread over the group's preferences first. */
export const pickerFor = (options: PickerOptions): Picker => {
  const { group, nodes, candidates } = options;
  const { preferences } = group.requirements;
  const leaf = leafPicker(options);
  if (preferences.length === 0) return leaf(candidates);
  return preferredPicker({ preferences, nodes, candidates: new Set(candidates), tally: group.tally, leaf });
};

const leafPicker = ({ strategy, group, now, random }: PickerOptions): ((candidates: readonly NodeInfo[]) => Picker) => {
  const isFailing = (node: NodeInfo): boolean => group.failures.isFailing(node, now);
  const ranked = (rank: Rank) => (candidates: readonly NodeInfo[]) =>
    rankedPicker(candidates, group.failures.isEmpty ? rank : (node) => rank(node) + (isFailing(node) ? last : 0));
  switch (strategy) {
    case 'spread':
      return ranked(spreadRank(group.tally));
    case 'binpack':
      return ranked(binpackRank);
    case 'random':
      return (candidates) => randomPicker(candidates, isFailing, random);
  }
};
