import { parseConstraint } from '../../core/schedule/constraint.ts';
import { kindCheck } from '../../core/schedule/filters/filters.ts';
import { requirementsOf } from '../../core/schedule/requirements.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { Node } from '../../model/node.ts';

/** Whether the node runs the front door, as long as there are routes. */
export const isDoorNode = ({ spec: { door = {} } }: Cluster, node: Node): boolean => {
  const { enabled = true, constraints = [] } = door;
  if (!enabled || constraints.some((text) => parseConstraint(text).kind === 'invalid')) return false;
  const spec = { containers: [], placement: { constraints } };
  return kindCheck(requirementsOf({ spec }))({ node }) === undefined;
};
