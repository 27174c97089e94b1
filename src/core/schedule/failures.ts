import type { NodeInfo } from './node-info.ts';

/** Swarm's numbers: so many failures within so long, or one rejection, and the node comes last for the service. */
const most = 5;
const withinMs = 5 * 60_000;

/** Where tasks of one specification failed lately. */
export class Failures {
  readonly #times = new Map<NodeInfo, number[]>();

  /** A rejection is of the node (it has no such image, no such path), and no other node was asked yet: once is enough. */
  note(node: NodeInfo, at: number, how: 'failed' | 'rejected'): void {
    const times = how === 'rejected' ? Array.from({ length: most }, () => at) : [...(this.#times.get(node) ?? []), at];
    this.#times.set(node, times.slice(-most));
  }

  /** Whether all of them are too old to matter. */
  areOver(now: number): boolean {
    return [...this.#times.values()].every((times) => now - (times.at(-1) ?? 0) >= withinMs);
  }

  get isEmpty(): boolean {
    return this.#times.size === 0;
  }

  /** Whether the node failed them too often to be tried before others. `now`: milliseconds since the epoch. */
  isFailing(node: NodeInfo, now: number): boolean {
    const times = this.#times.get(node);
    const oldest = times?.[0];
    return times?.length === most && oldest !== undefined && now - oldest < withinMs;
  }
}
