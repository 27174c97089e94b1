import type { Node, NodeStatus } from '../../model/node.ts';
import { nodeName } from '../../model/node.ts';
import type { VolumeSpec } from '../../model/volume.ts';
import type { Expression } from './expression.ts';
import { factsOf } from './facts.ts';
import { illnessOf } from './filters/health.ts';
import { expressionsOf, findHints } from './hints.ts';

/** A node as placing a volume sees it. */
export interface VolumeNode {
  readonly node: Node;
  readonly status?: NodeStatus | undefined;
  /** How many volumes of the cluster are there. */
  readonly volumes: number;
}

export type VolumeDecision =
  /** No node is asked for: it is made where its first container goes. */
  | { readonly kind: 'later' }
  | { readonly kind: 'placed'; readonly node: Node }
  /** No node is fit. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Its constraints cannot be read. */
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * The node that a volume is made on at once. Asked for is a node by constraints (the label `com.docker.swarm.constraints`, as
 * of containers), and one with the driver where that is not `local`. Of several it is the one with the fewest volumes.
 */
export const placeVolume = (
  nodes: readonly VolumeNode[],
  { name, driver, labels = {} }: VolumeSpec,
): VolumeDecision => {
  const hints = findHints([], labels);
  if (hints.kind === 'invalid') return hints;
  const constraints = expressionsOf(hints.found.hints.constraints);
  if (driver === 'local' && constraints.length === 0) return { kind: 'later' };
  const hard = constraints.filter(({ soft }) => !soft);
  const fit = nodes.filter((each) => illnessOf(each) === undefined && hard.every((one) => passes(one, each)));
  // Where none has the driver, an engine says so in its own words.
  const wishes: readonly ((each: VolumeNode) => boolean)[] = [
    (each) => driver === 'local' || hasDriver(each, driver),
    (each) => constraints.every((one) => passes(one, each)),
  ];
  const pool = wishes.reduce((left, wish) => (left.some(wish) ? left.filter(wish) : left), fit);
  const [best] = pool.toSorted(
    (left, right) => left.volumes - right.volumes || (nodeName(left.node) < nodeName(right.node) ? -1 : 1),
  );
  if (best !== undefined) return { kind: 'placed', node: best.node };
  const texts = hard.map(({ text }) => text).join(', ');
  const message = `create ${name}: Unable to find a node that satisfies the following conditions [${texts}]`;
  return { kind: 'refused', message };
};

const passes = (expression: Expression, { node }: VolumeNode): boolean =>
  expression.passes(factsOf(node, expression.key));

/** Names of plugins may end in a tag. */
const bare = (name: string): string => name.replace(/:[^/]*$/, '');

const hasDriver = ({ node }: VolumeNode, driver: string): boolean =>
  node.description?.engine.plugins?.some(({ type, name }) => type === 'Volume' && bare(name) === bare(driver)) === true;
