import { expressionsOf, findHints } from '../../../core/place/hints.ts';
import type { Expression } from '../../../core/place/expression.ts';
import { factsOf } from '../../../core/place/facts.ts';
import type { NodeRecord } from '../../../manager/manager.ts';
import { TuttiError } from '../../../model/errors.ts';
import { nodeName } from '../../../model/node.ts';
import type { Volume, VolumeSpec } from '../../../model/volume.ts';

/**
 * The node that a volume is made on at once; undefined: none is asked for, it can wait for its first container. Asked for
 * is a node by constraints (the label `com.docker.swarm.constraints`, as of containers), and one with the driver where that is
 * not `local`. Of several the one with the fewest volumes. Throws `unavailable` where no node is fit, `invalid-argument`.
 */
export const chooseNode = (
  nodes: readonly NodeRecord[],
  rows: readonly Volume[],
  { name, driver, labels = {} }: VolumeSpec,
): NodeRecord | undefined => {
  const constraints = constraintsOf(labels);
  if (driver === 'local' && constraints.length === 0) return undefined;
  const ready = nodes.filter(({ node, status }) => status.state === 'ready' && node.spec.availability === 'active');
  const hard = constraints.filter(({ soft }) => !soft);
  const fit = ready.filter((record) => hard.every((one) => passes(one, record)));
  if (fit.length === 0) {
    const texts = hard.map(({ text }) => text).join(', ');
    throw new TuttiError(
      'unavailable',
      `create ${name}: Unable to find a node that satisfies the following conditions [${texts}]`,
    );
  }
  // Where none has the driver, an engine says so in its own words.
  const wishes: readonly ((record: NodeRecord) => boolean)[] = [
    (record) => driver === 'local' || hasDriver(record, driver),
    (record) => constraints.every((one) => passes(one, record)),
  ];
  const pool = wishes.reduce((left, wish) => (left.some(wish) ? left.filter(wish) : left), fit);
  const count = ({ node }: NodeRecord): number => rows.filter(({ nodeId }) => nodeId === node.id).length;
  return pool.toSorted(
    (left, right) => count(left) - count(right) || (nodeName(left.node) < nodeName(right.node) ? -1 : 1),
  )[0];
};

const constraintsOf = (labels: Readonly<Record<string, string>>): readonly Expression[] => {
  const result = findHints([], labels);
  if (result.kind === 'invalid') throw new TuttiError('invalid-argument', result.reason);
  return expressionsOf(result.found.hints.constraints);
};

const passes = (expression: Expression, { node }: NodeRecord): boolean =>
  expression.passes(factsOf(node, expression.key));

/** Names of plugins may end in a tag. */
const bare = (name: string): string => name.replace(/:[^/]*$/, '');

const hasDriver = ({ node }: NodeRecord, driver: string): boolean =>
  node.description?.engine.plugins?.some(({ type, name }) => type === 'Volume' && bare(name) === bare(driver)) === true;
