import { TuttiError } from '../../model/errors.ts';
import { nodeName } from '../../model/node.ts';
import type { DockerContext } from './context.ts';

/** A node whose engine can be asked. */
export interface ReadyNode {
  readonly id: string;
  readonly name: string;
}

/** Nodes that are connected and whose engine answers, by name. */
export const readyNodes = ({ manager }: Pick<DockerContext, 'manager'>): readonly ReadyNode[] =>
  manager.queries
    .nodes()
    .filter(({ status }) => status.state === 'ready' && status.engineAway !== true)
    .map(({ node }) => ({ id: node.id, name: nodeName(node) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Those that a `node` filter names, by name or id; all where there is none. */
export const namedNodes = <Node extends ReadyNode>(
  nodes: readonly Node[],
  wanted: readonly string[] | undefined,
): readonly Node[] =>
  wanted === undefined ? nodes : nodes.filter(({ id, name }) => wanted.includes(name) || wanted.includes(id));

/**
 * The node for what any engine can do: the manager's own where it can. Throws `unavailable` where no node is ready.
 */
export const pickNode = (context: DockerContext): ReadyNode => {
  const nodes = readyNodes(context);
  const node = nodes.find(({ id }) => id === context.nodeId) ?? nodes[0];
  if (node === undefined) throw new TuttiError('unavailable', 'no node of the cluster is ready: see "docker node ls"');
  return node;
};
