import type { NodeInfo } from './node-info.ts';

/** Active tasks of one service by node. Kept per service, so that deciding on a service reads one small table. */
export class Tally {
  readonly #counts = new Map<NodeInfo, number>();

  of(node: NodeInfo): number {
    return this.#counts.get(node) ?? 0;
  }

  move(node: NodeInfo, by: 1 | -1): void {
    const next = (this.#counts.get(node) ?? 0) + by;
    if (next === 0) this.#counts.delete(node);
    else this.#counts.set(node, next);
  }
}
