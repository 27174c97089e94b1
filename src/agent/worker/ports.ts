import type { Clock, Log, Randomness } from '../../platform/ports.ts';
import type { ContainerEngine, NetworkPreparer, TaskFiles } from '../executor/engine.ts';
import type { RecordStore } from './records.ts';

/** Images of other nodes, brought by a manager. */
export interface ImageSource {
  /**
   * Resolves when the engine has the image, or when it is to be pulled from its registry (first), or no node has it.
   * Throws where it did not arrive, or no manager answers. `pullFailed`: the registry was asked already.
   */
  fetch(
    image: string,
    options: {
      readonly pullFailed: boolean;
      readonly signal: AbortSignal;
      readonly onProgress: (progress: string) => void;
    },
  ): Promise<{ readonly kind: 'here'; readonly id: string } | { readonly kind: 'pull' | 'nowhere' }>;
}

/** Everything foreign that a worker works with. */
export interface WorkerPorts {
  readonly engine: ContainerEngine;
  readonly networks: NetworkPreparer;
  readonly files: TaskFiles;
  readonly records: RecordStore;
  /** Absent: images come from registries only. */
  readonly images?: ImageSource;
  /** The process of a container that runs, where somebody else has asked the engine for it. */
  readonly processOf?: (containerId: string) => number | undefined;
  readonly clock: Clock;
  readonly random: Pick<Randomness, 'id'>;
  readonly log: Log;
}

/** Bounds and times of a worker; the defaults are tuned for real engines. */
export interface WorkerOptions {
  /** Create and start calls under way at once. */
  readonly launches?: number;
  /** Removals under way at once. */
  readonly removals?: number;
  /** How long the stop of a task that was given traffic waits until nobody gives it more, in milliseconds. Absent: not at all. */
  readonly drainMs?: number;
  /** Between two full comparisons with the engine, in milliseconds. */
  readonly compareMs?: number;
}

/** How work for one task ends: well, or with a fault that decides what is next. */
export type TaskWork = (signal: AbortSignal) => Promise<void>;
