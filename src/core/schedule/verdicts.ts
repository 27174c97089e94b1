import type { Check } from './filters/filter.ts';
import type { NodeInfo } from './node-info.ts';
import { refusalsOf } from './refusal.ts';
import type { Reason, Refusal } from './refusal.ts';

/**
 * What each node answered a group of tasks that wait: kept while they wait, so that a change of one node costs one check
 * and the counts stay exact.
 */
export class Verdicts {
  readonly #check: Check;
  readonly #byPosition: (Reason | undefined)[] = [];
  readonly #counts = new Map<Reason, number>();
  /** Nodes that would take a task. */
  readonly open = new Set<NodeInfo>();

  constructor(check: Check, nodes: Iterable<NodeInfo>) {
    this.#check = check;
    for (const node of nodes) this.look(node);
  }

  /** Asks one node (again). True when it would take a task. */
  look(node: NodeInfo): boolean {
    return this.settle(node, this.#check(node));
  }

  /** Notes an answer that was got elsewhere. */
  settle(node: NodeInfo, reason: Reason | undefined): boolean {
    const before = this.#byPosition[node.position];
    if (before !== reason) {
      if (before !== undefined) this.#count(before, -1);
      if (reason !== undefined) this.#count(reason, 1);
      this.#byPosition[node.position] = reason;
    }
    if (reason === undefined) this.open.add(node);
    else this.open.delete(node);
    return reason === undefined;
  }

  /** The node is no more. */
  forget(node: NodeInfo): void {
    const before = this.#byPosition[node.position];
    if (before !== undefined) this.#count(before, -1);
    this.#byPosition[node.position] = undefined;
    this.open.delete(node);
  }

  refusals(): readonly Refusal[] {
    return refusalsOf(this.#counts);
  }

  #count(reason: Reason, by: number): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + by);
  }
}
