import type { Manager, NodeRecord } from '../../manager/manager.ts';
import { TuttiError } from '../../model/errors.ts';
import { nodeName } from '../../model/node.ts';
import type { DockerContext } from './context.ts';
import { anyOf } from './filters.ts';
import type { Filters } from './filters.ts';

/** A node whose engine can be asked. */
export interface ReadyNode {
  readonly id: string;
  readonly name: string;
}

/** Those that a `node` filter names, by name or id; all where there is none. */
export const namedNodes = ({ queries }: Pick<Manager, 'queries'>, filters: Filters): readonly NodeRecord[] =>
  queries
    .nodes()
    .filter(({ node }) => anyOf(filters, 'node', (wanted) => wanted === node.id || wanted === nodeName(node)));

/** Nodes that are connected and whose engine answers, by name; where a `node` filter names some, of these. */
export const readyNodes = (
  { manager }: Pick<DockerContext, 'manager'>,
  filters: Filters = new Map(),
): readonly ReadyNode[] =>
  namedNodes(manager, filters)
    .filter(({ status }) => status.state === 'ready' && status.engineAway !== true)
    .map(({ node }) => ({ id: node.id, name: nodeName(node) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/**
 * The node for what any engine can do: the manager's own where it can. Throws `unavailable` where no node is ready.
 */
export const pickNode = (context: DockerContext): ReadyNode => {
  const nodes = readyNodes(context);
  const node = nodes.find(({ id }) => id === context.nodeId) ?? nodes[0];
  if (node === undefined) throw new TuttiError('unavailable', 'no node of the cluster is ready: see "docker node ls"');
  return node;
};
