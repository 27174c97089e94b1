import * as z from 'zod';
import { port, transport, wireguardKey } from './common.ts';
import { genericResource } from './container.ts';
import { networkId, nodeId, serviceId, taskId } from './ids.ts';
import type { DeepReadonly } from './object.ts';
import { assignedDoor, assignedRoute } from './route.ts';
import { publishedPort, taskSpec } from './service.ts';

/**
 * What a node is told, as a set of small keyed values. The manager sends the whole set when an agent connects and
 * differences afterwards; the agent computes everything (containers, routes, rules, names) from the whole set.
 */
export const assignedTask = z.object({
  kind: z.literal('task'),
  id: taskId,
  serviceId,
  serviceName: z.string(),
  serviceLabels: z.record(z.string(), z.string()).optional(),
  slot: z.number().int().optional(),
  spec: taskSpec,
  desiredState: z.enum(['ready', 'running', 'complete', 'shutdown', 'remove']),
  addresses: z.array(z.object({ networkId, address: z.string(), address6: z.string().optional() })),
  genericResources: z.array(genericResource).optional(),
  /** Ports to publish on this node for this task alone (mode host). */
  hostPorts: z.array(publishedPort).optional(),
  /** True where the service is a job: an exit with code 0 completes it and it is not started again. */
  job: z.boolean().optional(),
});

export const assignedSecret = z.object({
  kind: z.literal('secret'),
  id: z.string(),
  name: z.string(),
  /** Base64. Held in memory and on a memory file system only. */
  data: z.string(),
  templated: z.boolean().optional(),
});

export const assignedConfig = z.object({
  kind: z.literal('config'),
  id: z.string(),
  name: z.string(),
  data: z.string(),
  templated: z.boolean().optional(),
});

/** A Tutti network that some task of this node is on. */
export const assignedNetwork = z.object({
  kind: z.literal('network'),
  id: networkId,
  name: z.string(),
  /** `10.128.16.0/20`: the same on every node. Empty for the engine's own network of this name (`host`, `none`, `bridge`). */
  subnet: z.string(),
  /** The same on every node: the bridge's own address there. */
  gateway: z.string(),
  /** In force on this node where that has an IPv6 end of the overlay. */
  ipv6: z.object({ subnet: z.string(), gateway: z.string() }).optional(),
  internal: z.boolean(),
  ingress: z.boolean(),
  options: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

/** A port that answers there, as far as its specification says so: what `_NAME._PROTOCOL.…` and `_PORT._PROTOCOL.…` are looked up in. */
export const servedPort = z.object({ protocol: transport, port, name: z.string().optional() });

/** One task, or one container that is none's, on one network, wherever it runs: a route where it is remote, and names where it is ready. */
export const assignedEndpoint = z.object({
  kind: z.literal('endpoint'),
  /** `<network id>/<task id>` */
  id: z.string(),
  networkId,
  /** Of a single container: the id of its row. */
  taskId,
  nodeId,
  /** Absent for a single container. */
  serviceId: serviceId.optional(),
  address: z.string(),
  /** Absent where the network, or the endpoint's node, has no IPv6. */
  address6: z.string().optional(),
  /** Service names and aliases on this network: each resolves to every ready task that has it. */
  names: z.array(z.string()),
  /** Names of this one task: resolve while it is ready. */
  taskNames: z.array(z.string()),
  ready: z.boolean(),
  /** It would be ready, but the manager does not hear its node, or believe its address: for want of anything else, where it is reached. */
  lost: z.literal(true).optional(),
  /** Of a single container that asked for them: who is asked for all other names. Those of a task are in its specification. */
  servers: z.array(z.string()).optional(),
  /** `name:alias`: names that a single container alone has for others. */
  links: z.array(z.string()).optional(),
  /** Absent where the service's are told with its own address. */
  ports: z.array(servedPort).optional(),
});

/** A service's one address on a network. Its back-ends are the ready endpoints of the service there. */
export const assignedVip = z.object({
  kind: z.literal('vip'),
  /** `<network id>/<service id>` */
  id: z.string(),
  networkId,
  serviceId,
  address: z.string(),
  /** Absent where the network has no IPv6. */
  address6: z.string().optional(),
  /** What resolves to it: the service's names and aliases on this network. */
  names: z.array(z.string()),
  ports: z.array(servedPort).optional(),
  /** Connections of one client go to one task, for as long as it is ready. */
  affinity: z.literal('client').optional(),
});

/** Another node of the cluster: the far end of the overlay. */
export const assignedPeer = z.object({
  kind: z.literal('peer'),
  id: nodeId,
  name: z.string(),
  /** Where its VXLAN packets go. */
  address: z.string(),
  overlayAddress: z.string(),
  overlayMac: z.string(),
  /** Absent: the node has no IPv6. */
  overlayAddress6: z.string().optional(),
  /** IPv6 addresses that its own clients come from. */
  addresses6: z.array(z.string()).optional(),
  machine: z.string().optional(),
  /** Of its WireGuard. Absent: it has none. */
  publicKey: wireguardKey.optional(),
});

/** This node's own end of the overlay, and what else it must know of itself. */
export const assignedSelf = z.object({
  kind: z.literal('self'),
  id: nodeId,
  name: z.string(),
  clusterId: z.string(),
  address: z.string(),
  overlayAddress: z.string(),
  overlayMac: z.string(),
  /** Absent: this node has no IPv6. */
  overlayAddress6: z.string().optional(),
  /** Its own IPv6 addresses, as the other nodes are told them. */
  addresses6: z.array(z.string()).optional(),
  /** MTU for overlay traffic: the least of the nodes' own, less the encapsulation. */
  overlayMtu: z.number().int(),
  labels: z.record(z.string(), z.string()).optional(),
  /** Tasks kept after they ended, per slot, for their logs. */
  taskHistoryLimit: z.number().int(),
  machine: z.string().optional(),
  /** Of its WireGuard, as the other nodes are told it. */
  publicKey: wireguardKey.optional(),
  /** See the cluster's specification. Absent: nothing is encrypted. */
  encryption: z.enum(['auto', 'on', 'off']).optional(),
});

/** A port that answers on every node (mode ingress). Its back-ends are the ready endpoints of the service on the network. */
export const assignedPublish = z.object({
  kind: z.literal('publish'),
  /** `<protocol>/<published port>`, `<protocol>/<address>:<published port>`: see `hostPortKey`. */
  id: z.string(),
  /** At this address of the node alone, where it has it. Absent: at all of them. */
  address: z.string().optional(),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  published: z.number().int(),
  target: z.number().int(),
  serviceId,
  serviceName: z.string(),
  networkId,
  affinity: z.literal('client').optional(),
  /** `local`: this node's tasks alone; `near`: they, where there are any. Absent: all. */
  tasks: z.enum(['local', 'near']).optional(),
  /** What is done with a connection that there is no task for. Absent: it is refused. */
  unserved: z.literal('drop').optional(),
});

export const assignment = z.discriminatedUnion('kind', [
  assignedTask,
  assignedSecret,
  assignedConfig,
  assignedNetwork,
  assignedEndpoint,
  assignedVip,
  assignedPeer,
  assignedSelf,
  assignedPublish,
  assignedRoute,
  assignedDoor,
]);

export type AssignedTask = DeepReadonly<z.infer<typeof assignedTask>>;
export type AssignedSecret = DeepReadonly<z.infer<typeof assignedSecret>>;
export type AssignedConfig = DeepReadonly<z.infer<typeof assignedConfig>>;
export type AssignedNetwork = DeepReadonly<z.infer<typeof assignedNetwork>>;
export type AssignedEndpoint = DeepReadonly<z.infer<typeof assignedEndpoint>>;
export type AssignedVip = DeepReadonly<z.infer<typeof assignedVip>>;
export type ServedPort = DeepReadonly<z.infer<typeof servedPort>>;
export type AssignedPeer = DeepReadonly<z.infer<typeof assignedPeer>>;
export type AssignedSelf = DeepReadonly<z.infer<typeof assignedSelf>>;
export type AssignedPublish = DeepReadonly<z.infer<typeof assignedPublish>>;
export type Assignment = DeepReadonly<z.infer<typeof assignment>>;
export type AssignmentKind = Assignment['kind'];
export type AssignmentOf<Kind extends AssignmentKind> = Extract<Assignment, { kind: Kind }>;
