import * as z from 'zod';
import { bytes, ipv4, labels, wireguardKey } from './common.ts';
import { genericResource } from './container.ts';
import type { NodeId } from './ids.ts';
import type { DeepReadonly, Stored } from './object.ts';

export const nodeRole = z.enum(['manager', 'worker']);
export type NodeRole = z.infer<typeof nodeRole>;
export const nodeAvailability = z.enum(['active', 'pause', 'drain']);
export type NodeAvailability = z.infer<typeof nodeAvailability>;

export const nodeSpec = z.object({
  /** Shown instead of the hostname when set. */
  name: z.string().max(255).optional(),
  labels: labels.optional(),
  role: nodeRole,
  availability: nodeAvailability,
});
export type NodeSpec = DeepReadonly<z.infer<typeof nodeSpec>>;

/** What the agent tells of its machine and engine when it connects. */
export const nodeDescription = z.object({
  hostname: z.string().max(255),
  platform: z.object({ os: z.string().max(64), architecture: z.string().max(64) }),
  resources: z.object({
    nanoCpus: z.number().int().min(0),
    memoryBytes: bytes,
    generic: z.array(genericResource).max(256).optional(),
  }),
  engine: z.object({
    version: z.string().max(255),
    apiVersion: z.string().max(32).optional(),
    labels: labels.optional(),
    plugins: z
      .array(z.object({ type: z.string(), name: z.string() }))
      .max(256)
      .optional(),
    operatingSystem: z.string().max(255).optional(),
    kernelVersion: z.string().max(255).optional(),
    storageDriver: z.string().max(255).optional(),
    /** Where it keeps what it has. */
    rootDirectory: z.string().max(4096).optional(),
  }),
  /** The address that other nodes reach this one by: a part of their kernels' rules and routes. */
  address: ipv4,
  /** MTU of the interface that has `address`. */
  mtu: z.number().int().min(576).max(65_535).optional(),
  /** The kernel does IPv6: networks that have it have it there. Absent: it does not. */
  ipv6: z.boolean().optional(),
  /** Its own IPv6 addresses: those that its own clients come from. */
  addresses6: z.array(z.ipv6()).max(16).optional(),
  agentVersion: z.string().max(64),
  /** The same for all nodes that share a machine (a kernel), and for no others. */
  machine: z.string().max(64).optional(),
  /** Public half of the node's WireGuard key, base64. Absent: the node cannot encrypt. */
  publicKey: wireguardKey.optional(),
  /** Why there is no front door on the node as there should be, or not all of it. */
  doorProblem: z.string().max(4096).optional(),
  /** Names of nodes with tasks on its networks that it does not reach: it gives their tasks nothing. */
  unreachable: z.array(z.string().max(255)).max(32).optional(),
});
export type NodeDescription = DeepReadonly<z.infer<typeof nodeDescription>>;

/** A node's end of the overlay. */
export interface OverlayEndpoint {
  /** Layer 3 address on the overlay device. */
  readonly address: string;
  readonly mac: string;
}

/** What of a description there is one of in the cluster. */
export const claims = ['address', 'publicKey'] as const;
export type Claim = (typeof claims)[number];

/** What of its own description the others are not told of a node, and the node that they know by it. */
export type Refused = { readonly [Kind in Claim]?: NodeId };

export interface Node extends Stored<NodeId> {
  readonly spec: NodeSpec;
  /** Writer: the dispatcher, when the agent's description changes. Absent until it first connects. */
  readonly description?: NodeDescription;
  /** Writer: the dispatcher. Absent: nothing is. */
  readonly refused?: Refused;
  /** Writer: the allocator. */
  readonly overlay?: OverlayEndpoint;
  /** Writer: the certificate authority. Absent: of the cluster's first authority. */
  readonly tls?: NodeTls;
  /** Manager nodes only: where its manager answers. */
  readonly managerAddress?: string;
}

/** What it says of its address is not believed: the others are not told where it is. */
export const isAddressRefused = (node: Pick<Node, 'refused'> | undefined): boolean =>
  node?.refused?.address !== undefined;

/** Of a node's certificate: digests of the authority that issued it, and of all that the node trusts. */
export interface NodeTls {
  readonly issuer: string;
  readonly trust: string;
}

/** What people call a node: the name that it was given, else its hostname. */
export const nodeName = ({ id, spec, description }: Node): string => spec.name ?? description?.hostname ?? id;

export type NodeState = 'unknown' | 'ready' | 'down' | 'disconnected';

/** Soft state of a node. Writer: the dispatcher. */
export interface NodeStatus {
  readonly nodeId: NodeId;
  readonly state: NodeState;
  readonly message: string;
  /** The agent is connected, but its engine does not answer. */
  readonly engineAway?: true;
  /** Address that the agent's connection comes from. */
  readonly address?: string;
  /** When the state was entered, milliseconds since the epoch. */
  readonly since: number;
}
