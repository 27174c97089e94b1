import type { EventView } from '../../model/native.ts';
import type { EngineEvent } from './engines.ts';

/** Made from commits. */
export type ClusterEvent = EventView;

/** What happened in the cluster, or in one of its engines. */
export type MergedEvent =
  | { readonly kind: 'cluster'; readonly timestamp: number; readonly event: ClusterEvent }
  | { readonly kind: 'engine'; readonly timestamp: number; readonly event: EngineEvent };

export interface Events {
  /**
   * Events after `since` (milliseconds since the epoch; the last 1,000 are kept) and then as they happen, until the
   * signal aborts. A reader that falls more than 10,000 behind gets `resource-exhausted`.
   */
  stream(options: {
    readonly since?: number;
    readonly until?: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<ClusterEvent>;
  /**
   * The cluster's events and those of all engines, in the order in which they happened (50 ms are waited for those of
   * other nodes), as many at once as there are. The past, where it is asked for, is what engines and manager still know.
   * Else as `stream`.
   */
  all(options: {
    readonly since?: number;
    readonly until?: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<readonly MergedEvent[]>;
}
