import type { NetworkId, TaskId } from '../../model/ids.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';

/** What the engine is asked to make. */
export type ContainerRequest = Definitions['ContainerCreateRequest'];
export type EndpointSettings = Definitions['EndpointSettings'];

export type EngineState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
export type Health = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** A container as a listing shows it. */
export interface EngineContainer {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: EngineState;
  readonly health: Health;
  /** Absent while it has not ended. */
  readonly exitCode?: number;
}

/** What an inspection adds. */
export interface EngineContainerDetail extends EngineContainer {
  readonly pid: number;
  /** Why it could not start or was killed, in the engine's words; empty when there is nothing to say. */
  readonly error: string;
  readonly oomKilled: boolean;
  readonly hostPorts: readonly { readonly protocol: string; readonly target: number; readonly published: number }[];
}

export type EngineEvent = {
  readonly id: string;
  /** The container's labels (and other attributes). */
  readonly attributes: Readonly<Record<string, string>>;
} & (
  | { readonly kind: 'created' | 'started' | 'oom' | 'removed' | 'paused' | 'unpaused' }
  | { readonly kind: 'died'; readonly exitCode: number }
  | { readonly kind: 'health'; readonly health: Health }
);

export interface EngineCallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface EngineVersion {
  /** Version of the API in use, `1.41` or newer. */
  readonly api: string;
  readonly os: string;
  /** As Go and images name it: amd64, arm64, … */
  readonly architecture: string;
}

/** A piece of output as the container wrote it: not a line. */
export interface OutputFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

export interface EngineLogOptions extends EngineCallOptions {
  readonly follow?: boolean | undefined;
  readonly tail?: number | undefined;
  /** Seconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly timestamps?: boolean | undefined;
  readonly stdout?: boolean | undefined;
  readonly stderr?: boolean | undefined;
  readonly tty?: boolean | undefined;
}

/**
 * What the agent needs of a Docker Engine. Every call settles (each has a deadline of its own) and throws TuttiError:
 * `not-found`, `conflict`, `invalid-argument`, `resource-exhausted`, `unavailable` and `deadline-exceeded` are told apart.
 */
export interface ContainerEngine {
  /** A sign of life, within two seconds. It says nothing of whether other calls are answered. */
  ping(options?: EngineCallOptions): Promise<void>;
  version(options?: EngineCallOptions): Promise<EngineVersion>;
  /** All containers that have these labels (`name` or `name=value`), ended ones too. */
  listContainers(labels: readonly string[], options?: EngineCallOptions): Promise<readonly EngineContainer[]>;
  inspectContainer(id: string, options?: EngineCallOptions): Promise<EngineContainerDetail>;
  /** `not-found` when the image is missing, `conflict` when the name is taken. */
  createContainer(name: string, body: ContainerRequest, options?: EngineCallOptions): Promise<{ readonly id: string }>;
  /** False when it was running already. */
  startContainer(id: string, options?: EngineCallOptions): Promise<boolean>;
  /** Returns when it has ended; false when it was not running. */
  stopContainer(id: string, graceSeconds: number, options?: EngineCallOptions): Promise<boolean>;
  /** Kills and removes with its anonymous volumes; false when there was none. */
  removeContainer(id: string, options?: EngineCallOptions): Promise<boolean>;
  connectNetwork(network: string, id: string, endpoint: EndpointSettings, options?: EngineCallOptions): Promise<void>;
  /** Whether the image itself brings a health check. `not-found` when the image is missing. */
  imageHasHealthcheck(image: string, options?: EngineCallOptions): Promise<boolean>;
  pullImage(
    image: string,
    options?: EngineCallOptions & {
      readonly credentials?: string | undefined;
      readonly onProgress?: ((status: string) => void) | undefined;
    },
  ): Promise<void>;
  /** Goes on until the signal aborts or the connection breaks. `onOpen`: from here on nothing is missed. */
  events(
    options: EngineCallOptions & { readonly labels: readonly string[]; readonly onOpen?: (() => void) | undefined },
  ): AsyncIterable<EngineEvent>;
  logs(id: string, options?: EngineLogOptions): AsyncIterable<OutputFrame>;
}

/** How a container is put on a Tutti network of this node. */
export interface PreparedNetwork {
  /** Name (or id) of the engine's network; `host` and `none` are the engine's own. */
  readonly dockerNetwork: string;
  /** Resolvers that containers on it must ask. */
  readonly dns: readonly string[];
  /** It has IPv6 on this node: containers on it get their address of it. */
  readonly ipv6?: true;
}

/** Sees to it that the networks exist on this node. Rejects with a reason that a task can show. */
export interface NetworkPreparer {
  ensure(networkIds: readonly NetworkId[], signal?: AbortSignal): Promise<ReadonlyMap<NetworkId, PreparedNetwork>>;
}

/** A file that a container sees: a secret or a config. */
export interface ContainerFile {
  /** Absolute path in the container. */
  readonly target: string;
  readonly data: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Files that live in memory only. `task` is the first task of a lineage: its successors have the same files. */
export interface TaskFiles {
  /** Writes them (again) and gives the path on this machine of each, in the same order. */
  write(task: TaskId, container: string, files: readonly ContainerFile[]): Promise<readonly string[]>;
  /** The paths of what was written before; undefined when it is not all there. */
  existing(task: TaskId, container: string, count: number): Promise<readonly string[] | undefined>;
  /** Removes everything of the task; none is fine. */
  remove(task: TaskId): Promise<void>;
  /** The tasks that have any. */
  owners(): Promise<readonly TaskId[]>;
}
