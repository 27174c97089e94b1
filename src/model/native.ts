import * as z from 'zod';
import { acmeSpec, clusterSpec, doorSpec } from './cluster.ts';
import type { ClusterSpec, DoorSpec, Encryption } from './cluster.ts';
import { clientRequest } from './client.ts';
import { nodeAvailability, nodeRole } from './node.ts';
import type { NodeAvailability, NodeRole, NodeState } from './node.ts';
import type { Labels } from './object.ts';
import { routeSpec } from './route.ts';
import type { RouteSpec } from './route.ts';
import type { PublishedPort, ServiceMode, UpdateState } from './service.ts';
import { stackSpec } from './stack.ts';
import type { StackSpec } from './stack.ts';
import type { DesiredState, TaskState } from './task.ts';

/**
 * The shapes of Tutti's own API (`/tutti/v1`): what the `tutti` command and the dashboard read, and what
 * `--format json` prints. Fields are only ever added. Moments are milliseconds since the epoch. No secrets.
 */

export interface ClusterView {
  readonly id: string;
  readonly name: string;
  /** Tutti's version. */
  readonly version: string;
  readonly createdAt: number;
  readonly strategy: ClusterSpec['strategy'];
  /** Share of a node's cpus and memory that may be reserved beyond what it has. */
  readonly overcommit: number;
  readonly encryption: Encryption;
}

export interface TokensView {
  readonly worker: string;
  readonly manager: string;
}

/** Somebody who may use the API over TCP. */
export interface ClientView {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A client's new certificate with what it needs to know, all PEM. The key is its holder's. */
export interface CertificateView extends ClientView {
  readonly certificate: string;
  readonly authority: string;
  /** Where managers serve the API over TCP: `tcp://10.0.0.1:2376`. Empty: they do not. */
  readonly endpoints: readonly string[];
}

export interface NodeView {
  readonly id: string;
  /** The name given to the node, else its host's. */
  readonly name: string;
  readonly hostname: string;
  readonly role: NodeRole;
  readonly availability: NodeAvailability;
  readonly state: NodeState;
  readonly message: string;
  /** When the state was entered. */
  readonly since: number;
  readonly address: string;
  readonly leader: boolean;
  readonly engineVersion: string;
  readonly labels: Labels;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Tasks running there. */
  readonly running: number;
}

export interface UpdateView {
  readonly state: UpdateState;
  readonly message: string;
}

export interface ServiceView {
  readonly id: string;
  readonly name: string;
  readonly stack?: string;
  readonly mode: ServiceMode['kind'];
  /** Of the first container. */
  readonly image: string;
  readonly running: number;
  readonly desired: number;
  /** Tasks of the newest specification that ran to their end and hold their place. */
  readonly completed: number;
  /** Running tasks that are made from the newest specification. */
  readonly updated: number;
  readonly ports: readonly PublishedPort[];
  readonly update?: UpdateView;
  readonly version: number;
}

/** A route of the front door. */
export interface RouteView {
  /** `shop.example/api`; with its conditions, `shop.example/api GET,HEAD x-version=beta`. */
  readonly name: string;
  readonly spec: RouteSpec;
  /** Who asks for it: `service web`, `tutti route add`. */
  readonly owners: readonly string[];
  readonly targets: readonly {
    readonly service: string;
    readonly port: number;
    readonly weight?: number;
    /** Tasks that may be given traffic. */
    readonly ready: number;
  }[];
  readonly problems: readonly string[];
}

/** Where the front door is. */
export interface DoorView {
  readonly enabled: boolean;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Nodes that run it, as placement constraints. Empty: all. */
  readonly constraints: readonly string[];
  readonly accessLog: boolean;
  /** Balancers in front that speak the PROXY protocol. */
  readonly proxyFrom: readonly string[];
  /** Where certificates come from by themselves. */
  readonly acme?: { readonly directory: string; readonly email?: string | undefined };
  /** Nodes that should run it and do not, or not as they should. */
  readonly problems: readonly { readonly node: string; readonly problem: string }[];
}

/** A request that a node's front door answered; or why that node tells of none. */
export type DoorLogView =
  | {
      readonly node: string;
      /** When it came. */
      readonly time: number;
      readonly client: string;
      readonly method: string;
      readonly host: string;
      readonly uri: string;
      readonly protocol: string;
      /** -1: none was sent. */
      readonly status: number;
      readonly bytes: number;
      /** Absent: no route is for it. */
      readonly route?: string;
      /** Address and port of the task that answered. */
      readonly task?: string;
      /** Milliseconds until it was done; -1: it was cut off. */
      readonly ms: number;
      /** HAProxy's code of how it ended. */
      readonly end: string;
    }
  | { readonly node: string; readonly problem: string };

/** What is absent stays; `acme: null` ends it. */
export const doorRequest = doorSpec.extend({ acme: acmeSpec.nullable().optional() });
export type DoorRequest = Omit<DoorSpec, 'acme'> & { readonly acme?: DoorSpec['acme'] | null };
export const routeRequest = routeSpec;

export interface TaskView {
  readonly id: string;
  /** `<service>.<slot>`, or `<service>.<node's id>` for a global service. */
  readonly name: string;
  readonly service: string;
  readonly serviceId: string;
  readonly slot?: number;
  /** The node's name. */
  readonly node?: string;
  readonly nodeId?: string;
  readonly image: string;
  readonly state: TaskState;
  readonly desiredState: DesiredState;
  /** When the state was entered. */
  readonly since: number;
  readonly message: string;
  readonly error?: string;
  /** Given traffic. */
  readonly ready: boolean;
  readonly exitCode?: number;
  readonly addresses: readonly { readonly network: string; readonly address: string }[];
}

export interface StackView {
  readonly name: string;
  readonly services: number;
  readonly networks: number;
  readonly secrets: number;
  readonly configs: number;
}

/** One step of a plan: what would be, or was, done about one object. */
export interface PlanStep {
  readonly kind: 'create' | 'update' | 'remove' | 'unchanged';
  readonly object: 'network' | 'secret' | 'config' | 'service';
  readonly name: string;
  readonly id?: string;
  /** Updates only: the fields that differ, as text; never secret data. */
  readonly changes?: readonly { readonly path: string; readonly before?: string; readonly after?: string }[];
}

export interface ApplyView {
  readonly steps: readonly PlanStep[];
  readonly warnings: readonly string[];
}

export interface RemovedView {
  readonly removed: readonly { readonly kind: string; readonly name: string }[];
}

export interface ExplanationView {
  readonly task: TaskView;
  /** One sentence. */
  readonly summary: string;
  /** Each filter with the number of nodes that it refused: all of them for a task that has no node, the others for one that has. */
  readonly refusals: readonly { readonly filter: string; readonly reason: string; readonly nodes: number }[];
  /** What happened, oldest first, as far as it is known. */
  readonly history: readonly { readonly timestamp: number; readonly text: string }[];
}

/** A change that users see. */
export interface EventView {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly type: 'node' | 'service' | 'task' | 'network' | 'secret' | 'config' | 'volume';
  readonly action: 'create' | 'update' | 'remove';
  readonly id: string;
  readonly name: string;
  /** Such as `state.old` and `state.new` of a node or task, `replicas.new` of a service. */
  readonly attributes: Labels;
}

export interface LogView {
  /** The task's name, as in `TaskView`. */
  readonly task: string;
  readonly taskId: string;
  readonly service: string;
  readonly node?: string;
  readonly stream: 'stdout' | 'stderr';
  /** Without its line feed; begins with the line's own timestamp when timestamps were asked for. */
  readonly text: string;
}

/** The body of every answer that is not a success. */
export const errorView = z.object({
  error: z.object({ code: z.string(), message: z.string(), fields: z.record(z.string(), z.unknown()).optional() }),
});
export type ErrorView = z.infer<typeof errorView>;

/** Bodies of requests. */
export { clientRequest };
export const stackRequest = z.strictObject({ stack: stackSpec, prune: z.boolean().default(false) });
export const scaleRequest = z.strictObject({ replicas: z.number().int().min(0).max(2_000_000) });
/** How containers and tasks are placed; what is absent stays as it is. */
export const placementRequest = clusterSpec
  .pick({ overcommit: true })
  .extend({ strategy: clusterSpec.shape.strategy.unwrap().optional() })
  .strict();
/** What goes between nodes; what is absent stays as it is. */
export const encryptionRequest = z.strictObject({
  encryption: clusterSpec.shape.encryption,
  /** Every node makes itself another key. */
  rotate: z.boolean().default(false),
});
export type EncryptionRequest = z.input<typeof encryptionRequest>;
export type PlacementRequest = z.infer<typeof placementRequest>;
export const nodeRequest = z.strictObject({ availability: nodeAvailability.optional(), role: nodeRole.optional() });
export interface StackRequest {
  readonly stack: StackSpec;
  /** Also remove what is no longer in the stack. */
  readonly prune?: boolean;
}
export type ClientRequest = z.input<typeof clientRequest>;
export type ScaleRequest = z.infer<typeof scaleRequest>;
export type NodeRequest = z.infer<typeof nodeRequest>;
