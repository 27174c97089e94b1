import type { Labels } from '../../model/object.ts';
import type { Volume, VolumeSpec } from '../../model/volume.ts';
import type { NodeRecord } from './queries.ts';

/** A named volume as a container mounts it. */
export interface WantedVolume {
  readonly name: string;
  /** Absent: whatever it has, `local` where it is made. */
  readonly driver?: string;
  readonly options?: Labels;
  readonly labels?: Labels;
}

/**
 * Named volumes: one volume is on one node. One that was made without a node is promised: it becomes real on the node of
 * the first container that mounts it (ADR 28).
 */
export interface Volumes {
  /** What was made or mounted through the cluster, promised ones too. Engines may have more. */
  rows(): readonly Volume[];
  named(name: string): readonly Volume[];
  /**
   * The node that a new volume is to be made on at once, by its constraints and driver; undefined: it can be promised.
   * Throws `unavailable` where no node is fit, `invalid-argument` for constraints that are none.
   */
  homeFor(spec: VolumeSpec): NodeRecord | undefined;
  /** A row: of a volume that the node's engine has, or a promised one. */
  record(spec: VolumeSpec, nodeId?: string): Promise<Volume>;
  /** An engine has made it for somebody who did not ask here (a task, say): a promise of that name is kept so. */
  adopt(name: string, nodeId: string): Promise<void>;
  /** Drops the rows of the name, on that node or promised ones; nothing where there are none. */
  forget(name: string, nodeId: string | undefined): Promise<void>;
  /** The node's engine says that it has no such volume: its row goes, unless it is just being made. */
  absent(name: string, nodeId: string): Promise<void>;
  /** The names of all volumes that engines were heard to have, by node: what was missed of their events is made up for. */
  compare(present: ReadonlyMap<string, ReadonlySet<string>>): Promise<void>;
  /**
   * The nodes that have each of the volumes, those that cannot be reached now too: a container that mounts it goes to one
   * of them. None: it is not there or only promised, and goes where the container goes.
   */
  places(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>>;
  /**
   * Before a container that mounts them is created on the node: makes what is promised or missing there. Throws
   * `conflict` where one is on another node meanwhile (place the container again), else what the engine refused.
   */
  prepare(nodeId: string, wanted: readonly WantedVolume[], signal: AbortSignal): Promise<void>;
}
