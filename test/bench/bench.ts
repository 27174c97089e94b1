import type { Cluster } from './cluster.ts';
import type { BenchResult } from './result.ts';

/** Says a figure as soon as it is there. */
export type Tell = (result: BenchResult) => void;

/** How much of everything. */
export interface Sizes {
  readonly runs: number;
  /** Of the services of `converge` and `overlay`. */
  readonly replicas: readonly number[];
  /** In the lists of `api`. */
  readonly containers: number;
  /** Of `bytes`. */
  readonly mebibytes: number;
  /** Of `followers`. */
  readonly seconds: number;
  /** Of `rolling`. */
  readonly ways: readonly ('virtual' | 'published' | 'door')[];
}

/** What a part that needs clusters has: ours and the peer's, three nodes each, one image on all of them. */
export interface Bench extends Sizes {
  readonly tutti: Cluster;
  readonly swarm: Cluster;
  readonly image: string;
}
