import type { AssignedEndpoint, AssignedNetwork, AssignedPeer, AssignedSelf } from '../../model/assignment.ts';
import type { Exec } from '../network/ports.ts';
import type { Finding } from '../network/findings.ts';

/** What the node's network tells of itself. */
export interface NetworkView {
  readonly self: AssignedSelf | undefined;
  readonly peers: readonly AssignedPeer[];
  readonly networks: readonly AssignedNetwork[];
  /** All that the node knows of, ready or not. */
  readonly endpoints: readonly AssignedEndpoint[];
  /** By address of the peer. */
  readonly seals: ReadonlyMap<string, { readonly seal: string; readonly wanted: boolean; readonly handshake?: number }>;
  readonly findings: readonly Finding[];
}

export interface DoctorPorts {
  readonly exec: Exec;
  readonly clock: { now(): number; monotonic(): number };
  readonly network: {
    view(): NetworkView;
    /** Compares everything with what should be, now; rejects with why it cannot be brought about. */
    compare(): Promise<void>;
    publicKey(signal?: AbortSignal): Promise<string | undefined>;
  };
  readonly engine: {
    version(signal: AbortSignal): Promise<string>;
    /** Process id of a running container of the task; undefined where there is none. */
    processOf(taskId: string, signal: AbortSignal): Promise<number | undefined>;
  };
  /** Asks the node's resolver at this address for anything; false: it does not answer. */
  readonly resolves: (address: string) => Promise<boolean>;
  /** What is wrong with this node's front door. */
  readonly doorProblem?: () => string | undefined;
  /** Names of nodes with tasks on this node's networks that it does not reach. */
  readonly unreachable?: () => readonly string[];
}
