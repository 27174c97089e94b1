import type { DoorLogView } from '../../model/native.ts';

export interface DoorLogQuery {
  readonly follow: boolean;
  /** Of what is there: so many of the last, of all nodes together; followed, of each node. Absent: all. */
  readonly tail?: number;
  /** Only requests of this route, by its name. Absent: all. */
  readonly route?: string;
}

/** What the nodes' front doors tell. */
export interface Door {
  /**
   * Requests that were answered, by their time; followed, as they come. A node that cannot be asked is named in their place,
   * and heard again when it is back. Throws `conflict` where requests are not logged, `not-found` where there is no such route.
   */
  log(query: DoorLogQuery, signal: AbortSignal): AsyncIterable<DoorLogView>;
  /** Metrics in Prometheus' text format, each sample with its node. Nodes that cannot be asked are left out. */
  metrics(signal: AbortSignal): Promise<string>;
}
