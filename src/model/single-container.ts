import * as z from 'zod';
import type { ContainerAttachment } from './attachment.ts';
import { bytes } from './common.ts';
import type { NodeId } from './ids.ts';
import type { DeepReadonly, Labels, Stored } from './object.ts';

/** Names of containers, as Docker has them. */
export const containerName = z
  .string()
  .max(255)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);

/** What classic Swarm takes from `-e constraint:…` and `-e affinity:…` or labels: where a container is to go. */
export const placementHints = z.object({
  /** `storage==ssd`, `region!=us*`, `node==~/n[12]/`. */
  constraints: z.array(z.string().max(4096)).max(256),
  /** `container==web*`, `image==redis`, `LABEL!=value`. */
  affinities: z.array(z.string().max(4096)).max(256),
});
export type PlacementHints = DeepReadonly<z.infer<typeof placementHints>>;

/** What becomes of a container whose node is lost. */
export const reschedulePolicy = z.enum(['off', 'on-node-failure']);
export type ReschedulePolicy = z.infer<typeof reschedulePolicy>;

export const reservation = z.object({
  /** Billionths of a core. */
  nanoCpus: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  memoryBytes: bytes,
});
export type Reservation = DeepReadonly<z.infer<typeof reservation>>;

/** A request to make a container, as a dialect read it: what placing looks at, and what its engine is sent. */
export interface SingleContainerSpec {
  /** Unique over the cluster, in the case that it has. */
  readonly name: string;
  readonly image: string;
  /** `linux/arm64`; absent: the engine's own. */
  readonly platform?: string;
  /** The body of `POST /containers/create` as the client sent it, without the hints. */
  readonly request: Readonly<Record<string, unknown>>;
  /** The version of the Engine API that `request` is in; absent: the engine's newest. */
  readonly apiVersion?: string;
  readonly hints: PlacementHints;
  readonly reschedule: ReschedulePolicy;
  /** Counts from when it is made to when it is removed, whether or not it runs. */
  readonly reservation: Reservation;
  /** Ports that it takes on its node, as `HostPort` calls them. */
  readonly hostPorts: readonly string[];
  /** Volumes with a name that it mounts: it goes to where they are. */
  readonly volumes: readonly MountedVolume[];
  /** Containers that it must be beside. */
  readonly dependencies: readonly ContainerDependency[];
  /** Id or name of the container that it is to take the place of: what that one has counts as free for it. */
  readonly replaces?: string;
}

/** One that asks for nothing but its name and image. */
export const plainContainerSpec = (name: string, image: string): SingleContainerSpec => ({
  name,
  image,
  request: {},
  hints: { constraints: [], affinities: [] },
  reschedule: 'off',
  reservation: { nanoCpus: 0, memoryBytes: 0 },
  hostPorts: [],
  volumes: [],
  dependencies: [],
});

export interface MountedVolume {
  readonly name: string;
  /** Absent: whatever it has, `local` where it is made. */
  readonly driver?: string;
  readonly options?: Labels;
  readonly labels?: Labels;
}

export interface ContainerDependency {
  /** As the user wrote it: `--volumes-from=data`. */
  readonly option: string;
  /** Id, name or `node/name`. */
  readonly container: string;
}

/** What a container leaves behind on a node that was lost: removed there when the node is back. */
export type Superseded = SupersededContainer | SupersededRequest;

/** Nobody knows whether the node's engine did what it was asked. If so the container is called so, and never ran. */
export interface SupersededRequest {
  readonly nodeId: NodeId;
  readonly engineId?: never;
  readonly name: string;
}

export interface SupersededContainer {
  readonly nodeId: NodeId;
  readonly engineId: string;
  /** Its volumes without a name stay: whoever removed it did not ask for their removal. */
  readonly keepsVolumes?: true;
}

/**
 * A container that was made by itself through Tutti, not for a task. Its engine is the authority on it; this is what the
 * cluster has to know without asking: its name, its place, and how to make it again.
 */
export interface SingleContainer extends Stored<string> {
  readonly spec: SingleContainerSpec;
  readonly nodeId: NodeId;
  /** Its id on its engine. Absent: it is being made there, or it was when its manager died. */
  readonly engineId?: string;
  /** It is being made again because its node was lost; `start`: it ran there. */
  readonly moving?: { readonly start: boolean };
  readonly superseded?: readonly Superseded[];
  /** Of one that is rescheduled: its engine was last heard to run it. Absent: no. */
  readonly ran?: boolean;
  /** It was removed; what it left on lost nodes was not yet. Its name is its row's id then. */
  readonly gone?: true;
  /** The networks of the cluster that it is on. Absent: none. */
  readonly attachments?: readonly ContainerAttachment[];
}

/** What its engine was last heard to say of it. Soft. Absent until a manager that has just begun has heard: then it runs. */
export interface SingleContainerStatus {
  readonly nodeId: NodeId;
  /** Paused counts: it has its address, and names lead to it. */
  readonly running: boolean;
  /**
   * When it was ended by somebody who did not ask the cluster for it: its engine may be about to be shut down, which ends
   * its containers first. Milliseconds since the epoch.
   */
  readonly endedAt?: number;
}
