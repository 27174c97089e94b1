import type { NodeReport } from '../model/doctor.ts';
import type { ApiClient, ClientRequest } from '../model/client.ts';
import type { Cluster, ClusterSpec, DoorSpec } from '../model/cluster.ts';
import type { Network, NetworkSpec } from '../model/network.ts';
import type { Node, NodeRole, NodeSpec, NodeStatus } from '../model/node.ts';
import type { Labels } from '../model/object.ts';
import type { Config, ConfigSpec, Secret, SecretSpec } from '../model/secret.ts';
import type { Service, ServiceSpec, VirtualIp } from '../model/service.ts';
import type { RouteSpec } from '../model/route.ts';
import type { PlacementHints, SingleContainer, SingleContainerSpec } from '../model/single-container.ts';
import type { StackSpec } from '../model/stack.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import type { Volume, VolumeSpec } from '../model/volume.ts';
import type { PlanAction } from '../core/plan/plan.ts';
import type { Definitions } from '../platform/engine/types.generated.ts';
import type { NodeRequest, NodeResponse } from '../rpc/transport.ts';
import type { Table } from '../store/store.ts';

/**
 * What dialects call. A dialect translates a foreign shape to these and back; it holds no state and never touches the
 * store. Every method takes input that is validated already (parsed with the model's schemas) and checks what only the
 * state can tell: names taken, references missing, ports taken, versions.
 */
export interface Manager {
  readonly commands: Commands;
  readonly queries: Queries;
  readonly events: Events;
  readonly logs: Logs;
  readonly engines: Engines;
  readonly inventory: Inventory;
  readonly volumes: Volumes;
  readonly images: Images;
  readonly builds: Builds;
  readonly containers: Containers;
  readonly networks: ContainerNetworks;
  readonly nodes: NodeCalls;
}

/** What nodes are asked for besides their engines. */
export interface NodeCalls {
  /** Has every node that is ready make another key for the encryption between nodes. Throws `unavailable` where one did not. */
  rotateKeys(signal: AbortSignal): Promise<void>;
  /** What a node finds out about itself, and its clock less this one's. Throws `unavailable` where the node is not there. */
  examine(nodeId: string, signal: AbortSignal): Promise<{ readonly report: NodeReport; readonly clockMs: number }>;
}

/** The nodes' own engines, for what Docker's dialect passes on. */
export interface Engines {
  /**
   * One request of one node's engine; bodies stream both ways, held back by whoever reads slower. Throws `unavailable`
   * where the node or its engine is not there; what the engine itself refuses is an answer.
   */
  request(nodeId: string, request: EngineRequest, signal: AbortSignal): Promise<NodeResponse>;
}

export interface EngineRequest extends Omit<NodeRequest, 'path'> {
  /** The engine's, without a version, with the query: `/containers/json?all=1`. */
  readonly path: string;
  /** Version of the Engine API that the client speaks (`1.41`); the node clamps it to its engine's. Absent: the engine's newest. */
  readonly apiVersion?: string;
}

/** A container as its engine last told of it. */
export interface KnownContainer {
  readonly id: string;
  /** On its engine, without the slash. */
  readonly name: string;
  readonly nodeId: string;
  readonly nodeName: string;
  /** Its node is ready and its engine answers. */
  readonly reachable: boolean;
  readonly summary: Definitions['ContainerSummary'];
  /** When it was made, nanoseconds since the epoch, where its engine told: a summary has whole seconds. */
  readonly createdNanos?: number;
}

/** A container as its engine lists it now. */
export interface CurrentContainer extends Pick<KnownContainer, 'id' | 'summary' | 'createdNanos'> {
  /** Stands for the summary's, whose time has gone on. */
  readonly status: string;
}

/** Puts containers that are there on networks that span the nodes, and takes them off. `settings`: Docker's EndpointSettings. */
export interface ContainerNetworks {
  /** Throws `permission-denied` where it is on the network, or may not be; and what its engine says. */
  connect(
    network: Network,
    container: KnownContainer,
    settings: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void>;
  disconnect(network: Network, container: KnownContainer, force: boolean, signal: AbortSignal): Promise<void>;
  /** Before the container of this engine's id starts. Throws `permission-denied` where another that runs has its address. */
  starting(engineId: string): void;
  /** The inventory has just been told of it: whether it runs counts from now on. */
  seen(engineId: string): void;
  /** Asks the engines whether what is said to run on the network does: their word may be on its way. */
  verify(networkId: string, signal: AbortSignal): Promise<void>;
  /** What a network is called, or was before it was removed: its containers may still be stopping. */
  nameOf(networkId: string): string | undefined;
  /** The containers that run on the network; those of tasks are not among them. */
  on(networkId: string): readonly { readonly container: SingleContainer; readonly address: string }[];
}

/** An event of one node's engine, as it came. */
export interface EngineEvent {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly event: Definitions['EventMessage'];
}

/**
 * Where containers and images are, as the engines last told: for finding and placing, never the truth about them. What a
 * lost node had stays in it.
 */
export interface Inventory {
  /**
   * By full id, name, `node/name` or an id's unique beginning. What is not known is asked of every node. Throws
   * `not-found` (`No such container: x`), `invalid-argument` where it is ambiguous, naming the candidates.
   */
  find(reference: string, signal: AbortSignal): Promise<KnownContainer>;
  /** As `find`, of what is known now, without asking; undefined where nothing is. */
  peek(reference: string): KnownContainer | undefined;
  /** All that are called so, on whatever node; asks nobody. */
  named(name: string): readonly KnownContainer[];
  containers(): readonly KnownContainer[];
  of(nodeId: string): readonly KnownContainer[];
  /** How many `of` would give, without a walk. */
  count(nodeId: string): number;
  /** One of a node's by its full id. */
  on(nodeId: string, id: string): KnownContainer | undefined;
  /** The container of this full id on the node, as far as it is known. */
  get(nodeId: string, id: string): KnownContainer | undefined;
  /** Images with their tags and digests. */
  images(nodeId: string): readonly Definitions['ImageSummary'][];
  /** The node's engine has been listed since it is ready: what `of` and `images` lack is not there. */
  listed(nodeId: string): boolean;
  /**
   * The node's containers as its engine would list them at this moment, from what its events have told: the engine is
   * asked whether it has told more, and about those that are in doubt. Undefined where only its own list says: nothing is
   * followed there just now. Throws what asking throws.
   */
  current(nodeId: string, signal: AbortSignal): Promise<readonly CurrentContainer[] | undefined>;
  /** Reads these containers of a node again, now: after a change that the events may not have told of yet. */
  refresh(nodeId: string, ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** The node of an exec; what is not known is asked of every node. Throws `not-found`. */
  findExec(id: string, signal: AbortSignal): Promise<{ readonly nodeId: string }>;
  /** Remembers where an exec was made. */
  noteExec(id: string, nodeId: string): void;
  /**
   * Events of all engines from now on, in the order of their arrival, until the signal aborts. A reader that falls more
   * than 10,000 behind gets `resource-exhausted`.
   */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
}

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

/**
 * Where an image is now that a node was to have it. Unless it is `present`, only `id` finds what was asked for by its
 * digest: registries alone give digests.
 */
export type Ensured =
  | { readonly kind: 'present'; readonly id: string }
  /** The node's engine had it under other names, and has it under this one now. */
  | { readonly kind: 'named'; readonly id: string }
  /** It came from another node. */
  | { readonly kind: 'travelled'; readonly id: string; readonly from: string }
  /** No engine that answered has it. `missing`: nodes that did not answer. */
  | { readonly kind: 'nowhere'; readonly missing: readonly string[] };

/** Images travel from node to node, without a registry. */
export interface Images {
  /**
   * Sees to it that the node's engine has the image (a name with or without tag or digest, or an id): it is brought from
   * a node that has it. Whoever asks for the same joins in; what nobody waits for any more ends. Throws `unavailable`
   * where it exists but did not arrive.
   */
  ensure(
    nodeId: string,
    reference: string,
    options: { readonly signal: AbortSignal; readonly onBytes?: (total: number) => void },
  ): Promise<Ensured>;
  /**
   * Where an image comes from that the cluster has: a registry gave it to those that have it, or it was made here.
   * `nowhere`: no engine that answers has it. An answer may be some seconds old.
   */
  origin(reference: string): Promise<'nowhere' | 'registry' | 'cluster'>;
  /**
   * After a name was given to an image on that node: on every other node where the name means another image, it means
   * this one too when it resolves. Gives what failed, for people.
   */
  follow(
    nodeId: string,
    reference: string,
    options: {
      readonly signal: AbortSignal;
      /** The old meaning is taken away before the image comes: for where nobody waits for the end of this. */
      readonly atOnce?: boolean;
    },
  ): Promise<readonly string[]>;
}

/** What became of a request to make a container. */
export type ContainerMade =
  | { readonly kind: 'made'; readonly id: string; readonly nodeId: string; readonly warnings: readonly string[] }
  /** No node fits: why, for people. */
  | { readonly kind: 'unplaced'; readonly message: string }
  /** No engine has its image. */
  | { readonly kind: 'no-image'; readonly image: string }
  /** What its engine said instead. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

/**
 * Containers made by themselves, through Tutti: where they go, their names, and what outlives their node. Everything else
 * about them is their engine's.
 */
export interface Containers {
  /**
   * Chooses a node, brings there what is missing, and makes the container. Throws `already-exists` where the name is
   * taken, `not-found` where a container that it depends on is not there.
   */
  create(spec: SingleContainerSpec, signal: AbortSignal): Promise<ContainerMade>;
  /** On its engine and in the cluster. Throws `already-exists`, `invalid-argument`, else what the engine said. */
  rename(
    container: Pick<KnownContainer, 'id' | 'nodeId' | 'name'> & Partial<Pick<KnownContainer, 'summary'>>,
    name: string,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Its engine has removed it: its name is free again. Nothing where it was not made through Tutti. `byName`: the engine was
   * not told its whole id, and is asked whether it was this one.
   */
  removed(engineId: string, options?: { readonly byName?: boolean }): Promise<void>;
  /**
   * Takes off the cluster what is on a node that cannot be asked: the name is free at once, and the node's engine removes it
   * when it is back, with its unnamed volumes or without.
   */
  /** The same for one of which nobody knows yet whether it was made. False: there is none of this name. */
  abandonUnmade(name: string): Promise<boolean>;
  abandon(
    container: Pick<KnownContainer, 'id' | 'nodeId' | 'name'>,
    options: { readonly volumes: boolean },
  ): Promise<void>;
  /** What tasks and containers have reserved on the node. */
  reserved(nodeId: string): { readonly nanoCpus: number; readonly memoryBytes: number };
  /** What the cluster keeps of it; undefined where it was not made through Tutti. */
  row(engineId: string): SingleContainer | undefined;
  /** Its engine has changed it: what it reserves, and how it is made again. Nothing where it was not made through Tutti. */
  updated(engineId: string, change: (spec: SingleContainerSpec) => SingleContainerSpec): Promise<void>;
  /** Ids of what containers that moved have left on lost nodes: nobody's containers any more. */
  superseded(): ReadonlySet<string>;
}

/**
 * Where images are built. A build with BuildKit is two connections of one client, its session and the build itself, and
 * they have to meet on one node, whichever comes first.
 */
export interface Builds {
  /** Where builds without conditions go: always the same node, while it is there. Throws `unavailable`. */
  defaultNode(): string;
  /**
   * The node for a client that speaks with BuildKit by itself, until the signal aborts: names that are given there
   * meanwhile follow on the other nodes.
   */
  openControl(signal: AbortSignal): string;
  /** The node of a build that runs. */
  nodeOf(buildId: string): string | undefined;
  /** A build that begins. Throws `unavailable` where no node fits, with the reasons. Dispose it at the build's end. */
  begin(
    build: { readonly session?: string; readonly buildId?: string; readonly hints: PlacementHints },
    signal: AbortSignal,
  ): Disposable & { readonly nodeId: string };
  /** The node for a session: its build's, or the default one where none asks for it soon. It ends with the signal. */
  openSession(session: string, signal: AbortSignal): Promise<string>;
}

/** What was made, with remarks for the user ("no node satisfies …" is not an error at creation). */
export interface Created {
  readonly id: string;
  readonly warnings: readonly string[];
}

/** References are an id, an unambiguous prefix of one, or a name. Unknown: `not-found`; ambiguous: `invalid-argument`. */
export interface Commands {
  createService(spec: ServiceSpec): Promise<Created>;
  /** `version` is the service's version as last read: `version-mismatch` when it has changed since. */
  updateService(
    reference: string,
    version: number,
    spec: ServiceSpec,
  ): Promise<{ readonly warnings: readonly string[] }>;
  /** Back to the specification before the last change. */
  rollbackService(reference: string, version: number): Promise<{ readonly warnings: readonly string[] }>;
  scaleService(reference: string, replicas: number): Promise<void>;
  removeService(reference: string): Promise<void>;
  createNetwork(spec: NetworkSpec): Promise<Created>;
  /** `in-use` while a service is on it. */
  removeNetwork(reference: string): Promise<void>;
  createSecret(spec: SecretSpec): Promise<Created>;
  /** Only labels may differ. */
  updateSecret(reference: string, version: number, spec: SecretSpec): Promise<void>;
  removeSecret(reference: string): Promise<void>;
  createConfig(spec: ConfigSpec): Promise<Created>;
  updateConfig(reference: string, version: number, spec: ConfigSpec): Promise<void>;
  removeConfig(reference: string): Promise<void>;
  updateNode(reference: string, version: number, spec: NodeSpec): Promise<void>;
  /** `conflict` when the node is not down and `force` is not set. */
  removeNode(reference: string, force: boolean): Promise<void>;
  updateCluster(version: number, spec: ClusterSpec): Promise<void>;
  rotateJoinToken(role: NodeRole): Promise<string>;
  /** Begins to replace the certificate authority; `conflict` while it is being replaced. */
  rotateAuthority(): Promise<void>;
  /** A new key for locked managers; `conflict` when they are not to be locked. */
  rotateUnlockKey(): Promise<void>;
  /** Issues a certificate for the API over TCP. Throws `invalid-argument` for a request that is none. */
  createClient(request: ClientRequest): Promise<ClientCertificate>;
  /** Revokes it: its connections end. By the whole id. */
  removeClient(id: string): Promise<void>;
  /** A route that is no service's own. `already-exists` where there is one for the same requests. Gives its name. */
  addRoute(spec: RouteSpec): Promise<string>;
  /** By its name. `not-found` also where it is a service's: its labels say it. */
  removeRoute(name: string): Promise<void>;
  /** Where the front door is. `conflict` where a service publishes a port of it. */
  changeDoor(door: DoorSpec): Promise<void>;
  /** What `applyStack` would do, without doing it. Throws what it would throw: a plan that is given can be done. */
  planStack(stack: StackSpec, options: { readonly prune: boolean }): Promise<AppliedStack>;
  /** Makes the cluster match, in one transaction: all or nothing. */
  applyStack(stack: StackSpec, options: { readonly prune: boolean }): Promise<AppliedStack>;
  /** Removes every object of the stack. `not-found` when there is none. */
  removeStack(name: string): Promise<{ readonly removed: readonly { readonly kind: string; readonly name: string }[] }>;
}

/** All PEM, none of it secret: the key never left its holder. */
export interface ClientCertificate {
  readonly id: string;
  readonly certificate: string;
  readonly authority: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What was, or would be, done for a stack. */
export interface AppliedStack {
  readonly actions: readonly PlanAction[];
  readonly warnings: readonly string[];
}

export interface NodeRecord {
  readonly node: Node;
  readonly status: NodeStatus;
  /** Present on managers. */
  readonly manager?: { readonly leader: boolean; readonly reachable: boolean; readonly address: string };
}

export interface TaskRecord {
  readonly task: Task;
  readonly status: TaskStatus;
}

export interface ServiceRecord {
  readonly service: Service;
  /** Tasks observed running. */
  readonly running: number;
  /** Tasks wanted: replicas, or nodes that a global service fits. */
  readonly desired: number;
  /** Tasks of the newest specification that ran to their end and hold their place. */
  readonly completed: number;
  /** Its own addresses, with the length of the network's prefix: `10.128.1.2/24`. */
  readonly virtualIps: readonly VirtualIp[];
}

export interface StackRecord {
  readonly name: string;
  readonly services: number;
  readonly networks: number;
  readonly secrets: number;
  readonly configs: number;
}

/** Why a task is where it is, for people. */
export interface Explanation {
  readonly task: Task;
  readonly status: TaskStatus;
  /** One sentence. */
  readonly summary: string;
  /** Each filter with the number of nodes that it refused: all of them for a task that has no node, the others for one that has. */
  readonly refusals: readonly { readonly filter: string; readonly reason: string; readonly nodes: number }[];
  /** What happened, oldest first, as far as it is known. */
  readonly history: readonly { readonly timestamp: number; readonly text: string }[];
}

/** A route of the front door, for people. */
export interface RouteRecord {
  /** As `routeName` gives it. */
  readonly name: string;
  readonly spec: RouteSpec;
  /** Who asks for it: `service web`, `tutti route add`. */
  readonly owners: readonly string[];
  /** Where it leads, with the tasks that may be given traffic. */
  readonly targets: readonly {
    readonly service: string;
    readonly port: number;
    readonly weight?: number;
    readonly ready: number;
  }[];
  readonly problems: readonly string[];
}

export interface Queries {
  routes(): readonly RouteRecord[];
  /** Rises when anything in one of these tables changes: what was made from them at an equal one still holds. */
  generation(...tables: readonly [Table, ...Table[]]): number;
  cluster(): Cluster;
  nodes(): readonly NodeRecord[];
  node(reference: string): NodeRecord;
  services(): readonly ServiceRecord[];
  service(reference: string): ServiceRecord;
  tasks(): readonly TaskRecord[];
  /** Tasks of one service, all of them or by node: whatever the index serves without a scan. */
  tasksOf(scope: { readonly serviceId: string } | { readonly nodeId: string }): readonly TaskRecord[];
  task(reference: string): TaskRecord;
  networks(): readonly Network[];
  network(reference: string): Network;
  secrets(): readonly Secret[];
  secret(reference: string): Secret;
  configs(): readonly Config[];
  config(reference: string): Config;
  clients(): readonly ApiClient[];
  stacks(): readonly StackRecord[];
  explain(taskReference: string): Explanation;
}

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

export interface LogOptions {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Last lines of each task; absent: all. */
  readonly tail?: number;
}

/** One line, with its line feed when it had one. */
export interface LogLine {
  readonly task: Task;
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

export interface Logs {
  /** Lines of all tasks, as they arrive. A node that is gone ends its part with a warning, not the whole; followed, it goes on when it is back. */
  service(reference: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
  task(reference: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
}
