import type { NodeRequest, NodeResponse } from '../../../rpc/transport.ts';

/** What this machine is in a cluster. */
export interface Membership {
  readonly role: 'manager' | 'worker';
  readonly nodeId: string;
  readonly clusterId: string;
  /** Where other nodes reach this one. */
  readonly address: string;
  /** `10.0.0.1:2377`. */
  readonly managers: readonly string[];
}

/** Hands a request on as it is, and its answer back. Throws `unavailable` where nobody answers. */
export type PassOn = (request: NodeRequest, signal: AbortSignal) => Promise<NodeResponse>;

export interface NewCluster {
  /** Address or name of an interface. Absent: the one address of the default route's interface. */
  readonly address?: string;
  readonly port?: number;
  readonly addressPools?: readonly string[];
  readonly subnetPrefix?: number;
}

export interface NewMember {
  readonly address?: string;
  readonly managers: readonly string[];
  readonly token: string;
}

/** What a machine's own socket stands on. */
export interface MachinePorts {
  /** Undefined while the machine is in no cluster. Asked for each request. */
  readonly membership: () => Promise<Membership | undefined>;
  /** The machine's own Docker Engine. */
  readonly engine: PassOn;
  /** The API of the manager on this machine. */
  readonly manager: PassOn;
  readonly init: (options: NewCluster, signal: AbortSignal) => Promise<{ readonly nodeId: string }>;
  readonly join: (options: NewMember, signal: AbortSignal) => Promise<void>;
  readonly leave: (force: boolean, signal: AbortSignal) => Promise<void>;
}
