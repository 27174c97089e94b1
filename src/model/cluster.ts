import * as z from 'zod';
import { addressOrNetwork, ipv4Network, labels, milliseconds, port } from './common.ts';
import type { DeepReadonly, Stored } from './object.ts';

/** Where certificates come from by themselves (RFC 8555). */
export const acmeSpec = z.object({
  /** `https://acme-v02.api.letsencrypt.org/directory` */
  directory: z.url({ protocol: /^https$/, error: 'a directory of ACME begins with https://' }).max(2048),
  /** Whom the authority writes to. */
  email: z.email().max(254).optional(),
  /** PEM of whom to trust as this directory; absent: whom the manager's system trusts. */
  authority: z.string().max(65_536).optional(),
});
export type AcmeSpec = DeepReadonly<z.infer<typeof acmeSpec>>;

export const doorSpec = z.object({
  /** Nodes that run it, as placement constraints; absent: all. */
  constraints: z.array(z.string().max(4096)).max(16).optional(),
  /** False: no node. */
  enabled: z.boolean().optional(),
  httpPort: port.optional(),
  httpsPort: port.optional(),
  /** Balancers in front, addresses or networks: they begin each connection with the PROXY protocol, and are believed. Absent: none. */
  proxyFrom: z.array(addressOrNetwork).max(64).optional(),
  /** Requests are kept in each proxy's memory, the last some thousand, as JSON lines. */
  accessLog: z.boolean().optional(),
  /** Absent: routes with `tls: acme` get no certificate. */
  acme: acmeSpec.optional(),
});
export type DoorSpec = DeepReadonly<z.infer<typeof doorSpec>>;

const raftNumber = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const clusterSpec = z.object({
  name: z.string().max(255).default('default'),
  labels: labels.optional(),
  /** Subnets are cut out of these when a network gives none. */
  addressPools: z.array(ipv4Network).min(1).max(64).default(['10.128.0.0/10']),
  /** Prefix length of a subnet cut out of a pool: /20 holds 4,093 tasks. */
  subnetPrefix: z.number().int().min(8).max(29).default(20),
  /** The nodes' own ends of the overlay are out of this. */
  overlayPool: ipv4Network
    .refine((pool) => Number(pool.split('/')[1]) >= 16, 'the overlay pool is /16 at the widest')
    .default('100.127.0.0/16'),
  /** Ended tasks kept per slot. */
  taskHistoryLimit: z.number().int().min(0).max(1000).default(5),
  /** Kept for clients that set and read them: there is no raft log here. Swarm's own defaults where absent. */
  raft: z
    .object({
      snapshotInterval: raftNumber,
      keepOldSnapshots: raftNumber,
      logEntriesForSlowFollowers: raftNumber,
      electionTick: raftNumber,
      heartbeatTick: raftNumber,
    })
    .partial()
    .optional(),
  /** How often an agent says that it is alive. */
  heartbeatMs: milliseconds.default(1000),
  /** How long the certificates of nodes count. */
  nodeCertificateMs: z
    .number()
    .int()
    .min(3_600_000, 'minimum certificate expiry time is: 1h0m0s')
    .max(10 * 365 * 86_400_000)
    .default(90 * 86_400_000),
  /** A node that is silent for this long is down and its tasks are replaced. */
  nodeTimeoutMs: milliseconds.default(3000),
  /**
   * What goes between nodes for tasks. `on`: nothing in clear, also where a node has no WireGuard and is not reached then;
   * `auto`: encrypted between different machines that both have it. Absent: `auto`.
   */
  encryption: z.enum(['auto', 'on', 'off']).optional(),
  /** Managers keep their state sealed: after a start they wait for the unlock key. */
  autoLock: z.boolean().default(false),
  strategy: z.enum(['spread', 'binpack', 'random']).default('spread'),
  /** Share of a node's cpus and memory that containers may reserve beyond what it has. Absent: 0.05. */
  overcommit: z.number().min(-0.99).max(100).optional(),
  /** The front door (docs/front-door.md). Absent: on every node, ports 80 and 443. */
  door: doorSpec.optional(),
  /** Log driver for tasks that name none; goes into tasks when they are made. */
  logging: z.object({ driver: z.string().optional(), options: z.record(z.string(), z.string()).optional() }).optional(),
});
export type ClusterSpec = DeepReadonly<z.infer<typeof clusterSpec>>;

/** Where the front door listens. */
export const doorPorts = ({ door }: Pick<ClusterSpec, 'door'>): { readonly http: number; readonly https: number } => ({
  http: door?.httpPort ?? 80,
  https: door?.httpsPort ?? 443,
});

export type Encryption = NonNullable<ClusterSpec['encryption']>;

export const encryptionOf = (spec: Pick<ClusterSpec, 'encryption'> | undefined): Encryption =>
  spec?.encryption ?? 'auto';

/** Classic Swarm's: 5 %. */
const defaultOvercommit = 0.05;

export const overcommitOf = (spec: Pick<ClusterSpec, 'overcommit'> | undefined): number =>
  spec?.overcommit ?? defaultOvercommit;

/**
 * How far the authority's replacement is; `first` is the certificate of the one that is replaced. `trust`: nodes come to
 * trust both, `issue`: the new one has taken over and nodes get certificates of it, `forget`: nodes come to trust it alone.
 */
export type AuthorityRotation =
  | { readonly phase: 'trust'; readonly first: string; readonly certificate: string; readonly key: string }
  | { readonly phase: 'issue'; readonly first: string; readonly previous: string }
  | { readonly phase: 'forget'; readonly first: string };

/** The one object of the `cluster` table. */
export interface Cluster extends Stored<string> {
  readonly spec: ClusterSpec;
  /** PEM of the certificate authority's certificate. */
  readonly caCertificate: string;
  /** PEM (PKCS #8) of its key. Secret; the store seals it at rest. */
  readonly caKey: string;
  /** Whole tokens, `SWMTKN-1-<digest>-<secret>`. Secret. */
  /** Present while the authority is being replaced by another one. */
  readonly rotation?: AuthorityRotation;
  /** Present with `autoLock`: `SWMKEY-1-…`. Secret. */
  readonly unlockKey?: string;
  readonly joinTokens: { readonly manager: string; readonly worker: string };
}

const missedHeartbeats = 3;

/**
 * How long a node may be silent, in milliseconds, before it is down: never less than three of its heartbeats, as in Swarm,
 * however far apart somebody has set them.
 */
export const silenceMs = (
  spec: Pick<ClusterSpec, 'heartbeatMs' | 'nodeTimeoutMs'> = { heartbeatMs: 1000, nodeTimeoutMs: 3000 },
): number => Math.max(spec.nodeTimeoutMs, missedHeartbeats * spec.heartbeatMs);
