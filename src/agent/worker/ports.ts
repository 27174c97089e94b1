import type { Clock, Log, Randomness } from '../../platform/ports.ts';
import type { ContainerEngine, NetworkPreparer, TaskFiles } from '../executor/engine.ts';
import type { RecordStore } from './records.ts';

/** Everything foreign that a worker works with. */
export interface WorkerPorts {
  readonly engine: ContainerEngine;
  readonly networks: NetworkPreparer;
  readonly files: TaskFiles;
  readonly records: RecordStore;
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
  /** Between two full comparisons with the engine, in milliseconds. */
  readonly compareMs?: number;
}

/** How work for one task ends: well, or with a fault that decides what is next. */
export type TaskWork = (signal: AbortSignal) => Promise<void>;
