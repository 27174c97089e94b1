/** Why nodes are refused: one object per reason and group of tasks, so that counting is by identity. */
export interface Reason {
  readonly filter: string;
  /** Goes on after "1": `lacks memory`. */
  readonly one: string;
  /** Goes on after a number: `lack memory`. */
  readonly many: string;
}

/** So many nodes were refused for one reason. */
export interface Refusal {
  readonly filter: string;
  /** `lacks memory`, or `lack memory` of several nodes. */
  readonly reason: string;
  readonly nodes: number;
}

/** Counts as data, most nodes first. */
export const refusalsOf = (counts: ReadonlyMap<Reason, number>): readonly Refusal[] =>
  [...counts]
    .filter(([, nodes]) => nodes > 0)
    .map(([{ filter, one, many }, nodes]) => ({ filter, reason: nodes === 1 ? one : many, nodes }))
    .sort((left, right) => right.nodes - left.nodes || compareText(left.reason, right.reason));

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** "no suitable node (2 lack memory, 1 is drained)" */
export const explainRefusals = (refusals: readonly Refusal[]): string => {
  if (refusals.length === 0) return 'no suitable node (the cluster has none)';
  return `no suitable node (${refusals.map(({ nodes, reason }) => `${nodes} ${reason}`).join(', ')})`;
};
