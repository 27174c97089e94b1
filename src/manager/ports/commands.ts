import type { PlanAction } from '../../core/plan/plan.ts';
import type { ClientRequest } from '../../model/client.ts';
import type { ClusterSpec, DoorSpec } from '../../model/cluster.ts';
import type { NetworkSpec } from '../../model/network.ts';
import type { NodeRole, NodeSpec } from '../../model/node.ts';
import type { RouteSpec } from '../../model/route.ts';
import type { ConfigSpec, SecretSpec } from '../../model/secret.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';

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
