import type { Node } from '../../model/node.ts';
import { NodeInfo } from './node-info.ts';
import { VolumePlaces } from './volumes.ts';

/** The nodes of a model, with dense positions. A node that only tasks speak of is known, but not among `present`. */
export class Nodes {
  readonly volumes = new VolumePlaces();
  readonly #known = new Map<string, NodeInfo>();
  readonly #present = new Set<NodeInfo>();
  readonly #free: number[] = [];

  /** Nodes that have a row. */
  get present(): ReadonlySet<NodeInfo> {
    return this.#present;
  }

  find(id: string): NodeInfo | undefined {
    return this.#known.get(id);
  }

  /** The node, known from now on. */
  get(id: string): NodeInfo {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const made = new NodeInfo(id, this.#free.pop() ?? this.#known.size, this.volumes);
    this.#known.set(id, made);
    return made;
  }

  describe(id: string, node: Node | undefined): NodeInfo {
    const info = this.get(id);
    info.describe(node);
    if (node === undefined) this.#present.delete(info);
    else this.#present.add(info);
    return info;
  }

  /** Forgets a node that nothing speaks of any more; true when it did. */
  tidy(info: NodeInfo): boolean {
    if (info.node !== undefined || info.status !== undefined || info.loads > 0) return false;
    if (this.#known.delete(info.id)) this.#free.push(info.position);
    return true;
  }
}
