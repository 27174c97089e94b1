import type { Labels } from '../../model/object.ts';
import type { EngineEvent } from './engines.ts';

/** A change that users see. Made from commits. */
export interface ClusterEvent {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly type: 'node' | 'service' | 'task' | 'network' | 'secret' | 'config' | 'volume';
  readonly action: 'create' | 'update' | 'remove';
  readonly id: string;
  readonly name: string;
  /** Such as `state.old` and `state.new` of a node or task, `replicas.new` of a service. */
  readonly attributes: Labels;
}

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
