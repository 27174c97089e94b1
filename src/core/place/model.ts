import type { EngineNeed } from '../../model/engine-needs.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import type { Reservation } from '../../model/single-container.ts';
import type { Expression } from './expression.ts';

/** A container that is on a node, or is being made there. */
export interface PlaceContainer {
  /** Absent while it is being made. */
  readonly id?: string | undefined;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlaceImage {
  readonly id: string;
  /** `repository:tag`. */
  readonly tags: readonly string[];
  /** `repository@sha256:…`. */
  readonly digests: readonly string[];
}

/** A node as placing a container sees it. */
export interface PlaceNode {
  readonly node: Node;
  readonly status?: NodeStatus | undefined;
  /** What tasks and containers on it have reserved. */
  readonly used: Reservation;
  /** Whether a container or service has a port there, as `HostPort` calls it; of a range, whether all are taken. */
  readonly hasPort: (port: string) => boolean;
  /** How many `containers` there are. */
  readonly count: number;
  /** Whatever their state, those of tasks among them. */
  readonly containers: readonly PlaceContainer[];
  readonly images: readonly PlaceImage[];
}

/** Where something must be beside something else. */
export interface PlaceNear {
  /** As messages name it: `--volumes-from=data`, `volume data`. */
  readonly what: string;
  /** Nodes that have it. */
  readonly nodeIds: ReadonlySet<string>;
}

/** What a container asks of its node. */
export interface PlaceRequest {
  readonly image: string;
  readonly constraints: readonly Expression[];
  readonly affinities: readonly Expression[];
  readonly reservation: Reservation;
  readonly hostPorts: readonly string[];
  readonly near: readonly PlaceNear[];
  readonly needs: readonly EngineNeed[];
  /** Node that it goes to where it can: what it replaces is there. */
  readonly home?: string;
}

export interface PlaceOptions {
  readonly strategy: 'spread' | 'binpack' | 'random';
  /** Share of a node's cpus and memory that may be reserved beyond what it has: 0.05. */
  readonly overcommit: number;
  /** A number in [0, 1); the random strategy uses it. */
  readonly chance: number;
}
