import * as z from 'zod';
import { labels, milliseconds, objectName, port, transport } from './common.ts';
import { containerSpec, logging } from './container.ts';
import { networkId } from './ids.ts';
import type { NetworkId, ServiceId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

/** When a task that ended is started again in place, and how often. Absent fields: any, no delay, no limit. */
export const restartPolicy = z.object({
  condition: z.enum(['none', 'on-failure', 'any']).optional(),
  /** Pause before each restart. Absent: the first restart at once, then with a growing pause. */
  delayMs: milliseconds.optional(),
  maxAttempts: z.number().int().min(0).optional(),
  /** `maxAttempts` counts the restarts inside this span; 0 or absent: all of them. */
  windowMs: milliseconds.optional(),
});

export const platform = z.object({ os: z.string().optional(), architecture: z.string().optional() });

export const placement = z.object({
  /** Each is `key == value` or `key != value`; see docs/nomenclature.md for the keys. */
  constraints: z.array(z.string().max(4096)).max(256).optional(),
  /** Outermost first; each spreads evenly over the values of a node attribute. */
  preferences: z
    .array(z.object({ spread: z.string().max(4096) }))
    .max(16)
    .optional(),
  maxReplicasPerNode: z.number().int().min(0).optional(),
  platforms: z.array(platform).max(64).optional(),
});

export const networkAttachment = z.object({
  networkId,
  aliases: z.array(z.string().max(255)).max(256).optional(),
  driverOptions: z.record(z.string(), z.string()).optional(),
  /** An address asked for; only where the service can have one task. */
  ipv4Address: z.string().optional(),
  /** The same. */
  ipv6Address: z.ipv6().optional(),
});

/** What one task is: a pod, one or more containers that share a network namespace. */
export const taskSpec = z.object({
  containers: z.array(containerSpec).min(1).max(64),
  networks: z.array(networkAttachment).max(64).optional(),
  restart: restartPolicy.optional(),
  placement: placement.optional(),
  /** Log driver for containers that name none. */
  logging: logging.optional(),
  /** Raised to replace tasks whose specification is the same. */
  forceUpdate: z.number().int().min(0).optional(),
  /** Registry credentials by registry host: the base64 JSON of the X-Registry-Auth header. Secret. */
  pullCredentials: z.record(z.string(), z.string().max(65_536)).optional(),
});

export const serviceMode = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('replicated'), replicas: z.number().int().min(0).max(2_000_000) }),
  z.object({ kind: z.literal('global') }),
  z.object({
    kind: z.literal('replicated-job'),
    maxConcurrent: z.number().int().min(0).optional(),
    totalCompletions: z.number().int().min(0).optional(),
  }),
  z.object({ kind: z.literal('global-job') }),
]);

export const updatePolicy = z.object({
  /** Tasks updated at once; 0 means all. Absent: 1. */
  parallelism: z.number().int().min(0).optional(),
  delayMs: milliseconds.optional(),
  failureAction: z.enum(['pause', 'continue', 'rollback']).optional(),
  /** How long a new task is watched for failure; 5 s when absent. */
  monitorMs: milliseconds.optional(),
  maxFailureRatio: z.number().min(0).max(1).optional(),
  order: z.enum(['stop-first', 'start-first']).optional(),
});

export const publishedPort = z.object({
  name: z.string().max(255).optional(),
  protocol: transport,
  /** Port inside the container. */
  target: port,
  /** Port on the nodes; chosen when absent, out of `range` or by the allocator (30000 to 32767). */
  published: port.optional(),
  /** Without `published`: any free one of these. In host mode the engine of each node chooses it. */
  range: z
    .object({ first: port, last: port })
    .refine(({ first, last }) => first <= last, 'a range of ports begins with its lowest')
    .optional(),
  mode: z.enum(['ingress', 'host']),
  /** Address to publish at: it answers where a node has it, and at no other. Absent: at all of a node's. */
  hostAddress: z.string().max(64).optional(),
  /** Mode ingress: tasks that a node gives connections to. `local`: its own alone; `near`: its own, where it has any. Absent: all. */
  tasks: z.enum(['local', 'near']).optional(),
  /** Mode ingress: what a node without such a task does with a connection. Absent: it refuses. */
  unserved: z.literal('drop').optional(),
});

export const endpointSpec = z.object({
  mode: z.enum(['vip', 'dnsrr']).optional(),
  ports: z.array(publishedPort).max(4096).optional(),
});

export const dependency = z.object({
  /** Full name of the other service. */
  service: z.string().max(255),
  condition: z.enum(['started', 'healthy', 'completed']),
  required: z.boolean().optional(),
});

/** A service's name is a label in DNS, which has room for so many characters; Swarm's limit too. */
const serviceName = objectName.max(63, 'service names have 63 characters at most, because DNS finds no longer ones');

export const serviceSpec = z.object({
  name: serviceName,
  labels: labels.optional(),
  task: taskSpec,
  mode: serviceMode,
  update: updatePolicy.optional(),
  rollback: updatePolicy.optional(),
  endpoint: endpointSpec.optional(),
  /** Tasks of this service wait until these hold; only when they are first placed. */
  dependsOn: z.array(dependency).max(256).optional(),
});

export type RestartPolicy = DeepReadonly<z.infer<typeof restartPolicy>>;
export type Placement = DeepReadonly<z.infer<typeof placement>>;
export type NetworkAttachment = DeepReadonly<z.infer<typeof networkAttachment>>;
export type TaskSpec = DeepReadonly<z.infer<typeof taskSpec>>;
export type ServiceMode = DeepReadonly<z.infer<typeof serviceMode>>;
export type UpdatePolicy = DeepReadonly<z.infer<typeof updatePolicy>>;
export type PublishedPort = DeepReadonly<z.infer<typeof publishedPort>>;
export type EndpointSpec = DeepReadonly<z.infer<typeof endpointSpec>>;
export type Dependency = DeepReadonly<z.infer<typeof dependency>>;
export type ServiceSpec = DeepReadonly<z.infer<typeof serviceSpec>>;

/** Its tasks are to run to their end. */
export const isJob = ({ mode }: Pick<ServiceSpec, 'mode'>): boolean =>
  mode.kind === 'replicated-job' || mode.kind === 'global-job';

export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed';

export interface UpdateStatus {
  readonly state: UpdateState;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly completedAt?: number;
  readonly message: string;
}

/** The one address of a service on a network: connections to it are spread over the service's ready tasks. */
export interface VirtualIp {
  readonly networkId: NetworkId;
  readonly address: string;
}

export interface Service extends Stored<ServiceId> {
  readonly spec: ServiceSpec;
  /** What a rollback goes back to. */
  readonly previousSpec?: ServiceSpec;
  /**
   * Which tasks are current: they carry the value that they were made from. A change of what tasks are made from gives a
   * new one, a rollback brings `previousSpecVersion` back, so that tasks which still have it are left alone.
   */
  readonly specVersion: number;
  /** Of `previousSpec`. */
  readonly previousSpecVersion?: number;
  /** The highest `specVersion` that was ever given, where a rollback went below it. */
  readonly highestSpecVersion?: number;
  /** When it became what `specVersion` says. Milliseconds since the epoch; absent: when the service was made. */
  readonly specVersionAt?: number;
  /** The ports with the allocator's choices filled in. Writer: the allocator. */
  readonly ports: readonly (PublishedPort & { readonly published: number })[];
  /** One for each overlay network of the specification, as far as there was room; none where its mode is `dnsrr`. Writer: the allocator. */
  readonly virtualIps?: readonly VirtualIp[];
  /** Writer: the updater. */
  readonly updateStatus?: UpdateStatus;
}
