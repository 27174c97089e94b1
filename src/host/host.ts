import type { Encryption } from '../model/cluster.ts';
import type { NodeRole } from '../model/node.ts';
import type { Clock, Log, Randomness } from '../platform/ports.ts';
import type { Launcher } from './daemons/launcher.ts';
import type { Machine } from './machine.ts';

/** Where a node keeps things. Several nodes may share a machine when each has its own pair. */
export interface Directories {
  /** Configuration, certificates, keys (0600) and the store. Default: `/var/lib/tutti`. */
  readonly stateDirectory: string;
  /** Sockets, process ids, status and what must not outlive a boot. Default: `/run/tutti`. */
  readonly runDirectory: string;
}

/**
 * What every function here needs from outside. Looking at addresses, trying ports and dialling managers happen in the
 * network namespace of the calling process: for a node in a namespace call from inside it (`bin/member.ts` does).
 */
export interface HostPorts {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly machine: Machine;
  readonly launcher: Launcher;
}

export interface MemberOptions extends Directories {
  /** The node's Docker Engine: `unix:///var/run/docker.sock`, as `DOCKER_HOST` has it. */
  readonly engine: string;
  /** Address that other nodes reach this one by. Absent: the one address of the default route's interface. */
  readonly address?: string;
  /** Shown in `node ls`. Absent: the machine's host name. */
  readonly name?: string;
  /** Port of the manager's TLS listener, here and on the managers joined. Default: 2377. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

export interface InitOptions extends MemberOptions {
  /** Subnets of networks are cut out of these. */
  readonly addressPools?: readonly string[];
  /** Prefix length of such a subnet. Default: 20. */
  readonly subnetPrefix?: number;
  /** Of what goes between nodes for tasks. Default: `auto`. */
  readonly encryption?: Encryption;
  /** Port of the API over TCP with TLS on `address`; 0: none. Default: 2376. */
  readonly apiPort?: number;
  /** DNS names and addresses besides the node's own that clients reach the API by. */
  readonly apiNames?: readonly string[];
  /** Mode of the API's socket; its owner is root, its group `docker` where there is one. Default: 0o660. */
  readonly socketMode?: number;
}

export interface JoinOptions extends MemberOptions {
  /** Managers to ask: `10.0.0.1:2377` or `10.0.0.1`. */
  readonly managers: readonly string[];
  /** `SWMTKN-1-…`. Decides the role. Secret. */
  readonly token: string;
}

/** The node runs and is known to its manager. */
export interface Member {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly role: NodeRole;
  readonly address: string;
  /** The Docker and native API, on managers only: a path. */
  readonly socket?: string;
}

export interface InitResult extends Member {
  readonly socket: string;
  /** Secrets: print them for the user, do not log them. */
  readonly tokens: { readonly manager: string; readonly worker: string };
}

export interface LeaveOptions extends Directories {
  /** Leave even where that ends the cluster (the last manager) or no manager can be told. */
  readonly force: boolean;
  readonly signal?: AbortSignal;
}

export interface LeaveResult {
  /** False when no manager could be told: the node stays listed there as down until it is removed. */
  readonly told: boolean;
  /** What was removed from this machine, for people: `7 containers`, `2 networks`, … */
  readonly removed: readonly string[];
}

/** How a daemon of this node is. */
export interface DaemonState {
  readonly running: boolean;
  readonly pid?: number;
  /** The manager serves its API; the resolver can be told things; the agent has a session with a manager. */
  readonly ready: boolean;
}

export type NodeState =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'member';
      readonly nodeId: string;
      readonly clusterId: string;
      readonly role: NodeRole;
      readonly address: string;
      readonly engine: string;
      readonly socket?: string;
      /** Absent on workers. */
      readonly manager?: DaemonState;
      readonly resolver: DaemonState;
      readonly agent: DaemonState;
    };

/**
 * The functions of this folder, one file each (`init.ts`, `join.ts`, `leave.ts`, `start.ts`, `stop.ts`, `state.ts`).
 *
 * `init` throws `invalid-argument` (address), `unavailable` (engine), `already-exists` (a member already) or `conflict`
 * (port taken); `join` also `unauthenticated` (token) and `unavailable` (no manager answers). What failed leaves nothing.
 */
export interface Host {
  init(options: InitOptions): Promise<InitResult>;
  join(options: JoinOptions): Promise<Member>;
  /** Stops the daemons and removes the cluster's containers, networks and rules, then both directories. */
  leave(options: LeaveOptions): Promise<LeaveResult>;
  /** Starts the daemons of a member and waits until they are ready. */
  start(directories: Directories, signal?: AbortSignal): Promise<Member>;
  /** Stops the daemons; containers stay running. */
  stop(directories: Directories, signal?: AbortSignal): Promise<void>;
  state(directories: Directories): Promise<NodeState>;
  /** Serves this machine's own socket (docs/swarm-mode.md) from now on, also after a boot where systemd starts things. */
  serve(options: ServeOptions): Promise<void>;
  /** Ends that; the socket is gone. */
  unserve(options: ServeOptions): Promise<void>;
}

export interface ServeOptions extends Directories {
  /** Where the socket is to be. Default: `/run/tutti.sock`. */
  readonly socket: string;
  readonly engine: string;
  readonly signal?: AbortSignal;
}
