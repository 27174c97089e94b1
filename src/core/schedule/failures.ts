import type { NodeInfo } from './node-info.ts';

/** Swarm's numbers: so many failures within so long, and the node comes last for the service. */
const most = 5;
const withinMs = 5 * 60_000;

/** Where tasks of one specification failed lately. */
export class Failures {
  readonly #times = new Map<NodeInfo, number[]>();

  note(node: NodeInfo, at: number): void {
    const times = this.#times.get(node) ?? [];
    this.#times.set(node, [...times, at].slice(-most));
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
