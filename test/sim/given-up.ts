import type { ChangeOf } from '../../src/store/store.ts';
import type { SimNode } from './node.ts';
import { Violation } from './violation.ts';

export interface Circumstances {
  readonly nodes: readonly SimNode[];
  readonly now: number;
  /** Since when nothing but its agent's death has gone wrong for the node. */
  readonly calmSince: (nodeId: string) => number;
}

/** What went wrong so long before the agent died is no excuse: the node was heard again since. */
const excusedMs = 4_000;
/** An agent that is back within this keeps its node: it has two more seconds to connect. */
const backMs = 10_000;
const connectMs = 1_500;

/** A node is not given up because its agent was away for a moment while its machine was there. */
export const givenUpFairly = ({ id, before, after }: ChangeOf<'nodeStatus'>, around: Circumstances): void => {
  if (after?.state !== 'down' || before === undefined || before.state === 'unknown' || before.state === 'down') return;
  const node = around.nodes.find((one) => one.id() === id);
  if (node === undefined) return;
  const { from, to } = node.absence();
  if (from - around.calmSince(id) < excusedMs) return;
  const awayMs = Math.min(to, around.now) - from;
  if (awayMs > backMs || around.now - from > backMs + connectMs) return;
  throw new Violation(`${node.name} was given up ${around.now - from} ms after its agent died`);
};
