import type { ChangeOf } from '../../src/store/store.ts';
import type { SimNode } from './node.ts';
import type { Hiccup } from './faults.ts';
import { Violation } from './violation.ts';

export interface Circumstances {
  readonly nodes: readonly SimNode[];
  readonly now: number;
  /** Since when nothing but its agent's death and hiccups of its link has gone wrong for the node. */
  readonly calmSince: (nodeId: string) => number;
  /** The last of its link. */
  readonly hiccup: (nodeId: string) => Hiccup | undefined;
}

/** What went wrong so long before is no excuse: the node was heard again since. */
const excusedMs = 4_000;
/** An agent that is back within this keeps its node: it has two more seconds to connect. */
const backMs = 10_000;
const connectMs = 1_500;
/** The least silence for which a node is given up. */
const silenceMs = 3_000;

/** A node is not given up because its agent was away for a moment while its machine was there, nor for a hiccup of its link. */
export const givenUpFairly = ({ id, before, after }: ChangeOf<'nodeStatus'>, around: Circumstances): void => {
  if (after?.state !== 'down' || before === undefined || before.state === 'unknown' || before.state === 'down') return;
  const node = around.nodes.find((one) => one.id() === id);
  if (node === undefined) return;
  const { now } = around;
  const { from, to } = node.absence();
  const calmSince = around.calmSince(id);
  const calmForMs = now - Math.max(calmSince, to);
  if (calmForMs >= excusedMs + silenceMs)
    throw new Violation(
      `${node.name} was given up ${calmForMs} ms after the last thing that went wrong, but for hiccups of its link`,
    );
  if (from - calmSince < excusedMs) return;
  // An agent that dies during one changes when its machine is asked: some hiccups are too long then.
  const hiccup = around.hiccup(id);
  if (hiccup !== undefined && from >= hiccup.from && from <= hiccup.to) return;
  const awayMs = Math.min(to, now) - from;
  if (awayMs > backMs || now - from > backMs + connectMs) return;
  throw new Violation(`${node.name} was given up ${now - from} ms after its agent died`);
};
