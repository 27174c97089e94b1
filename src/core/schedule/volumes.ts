import type { TaskSpec } from '../../model/service.ts';

/** Names of the volumes that the containers mount; those without a name are the engine's business. */
export const mountedVolumes = ({ containers }: Pick<TaskSpec, 'containers'>): readonly string[] => [
  ...new Set(
    containers.flatMap(({ mounts = [] }) =>
      mounts.flatMap(({ type, source = '' }) => (type === 'volume' && source !== '' ? [source] : [])),
    ),
  ),
];

/** Where the volumes of the cluster are, as far as tasks have to go to them (ADR 37). */
export class VolumePlaces {
  /** Ids of the nodes that have each; none for one that is only promised. Names that are not here are each node's own business. */
  readonly #nodes = new Map<string, ReadonlySet<string>>();

  /** Undefined: the cluster has no volume of this name any more. */
  set(name: string, nodeIds: Iterable<string> | undefined): void {
    if (nodeIds === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, new Set(nodeIds));
  }

  /** Whether a task that mounts it may be on the node. */
  admits(name: string, nodeId: string): boolean {
    const nodes = this.#nodes.get(name);
    return nodes === undefined || nodes.size === 0 || nodes.has(nodeId);
  }

  /** It will be where the first who mounts it is. */
  isPromised(name: string): boolean {
    return this.#nodes.get(name)?.size === 0;
  }
}
