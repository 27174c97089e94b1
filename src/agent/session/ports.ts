import type { Assignment } from '../../model/assignment.ts';
import type { NetworkId, TaskId } from '../../model/ids.ts';
import type { NodeDescription } from '../../model/node.ts';
import type { DeepReadonly } from '../../model/object.ts';
import type { TaskObservation } from '../../model/task.ts';
import type { DoorLogOptions } from '../../rpc/door.ts';
import type { LogRequestOptions } from '../../rpc/logs.ts';
import type { NodeService } from '../../rpc/transport.ts';
import type { Kept } from '../kept.ts';

/** What the node has to come to: the whole set by `assignmentKey`. Rows are replaced, never changed. */
export type Assignments = ReadonlyMap<string, Assignment>;

export type LogOptions = DeepReadonly<LogRequestOptions>;

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

/**
 * Passes a request on to the node's own engine, body for body, and answers what it answers. Throws `unavailable` where the
 * engine is not there.
 */
export type EngineForward = NodeService;

/** The reconciler of this node's containers (worker/ and executor/). */
export interface TaskWorker extends AsyncDisposable {
  /** Takes the whole set; it returns at once and works on the difference. */
  apply(assignments: Assignments): void;
  /** Everything that is known of tasks now: told whole when a session begins. */
  observations(): readonly TaskObservation[];
  /** Calls the listener synchronously with each new observation. */
  subscribe(listener: (observation: TaskObservation) => void): Disposable;
  /** Throws `not-found` when the task is not on this node. */
  logs(taskId: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogChunk>;
  /** These tasks are to stop, and nobody gives them anything new: their stop need not wait any longer. */
  withdrawn(taskIds: readonly TaskId[]): void;
  /** For how long the engine has not answered; undefined while it does. */
  engineAwayMs(): number | undefined;
  /** Resolves when the engine has been listed for the first time: observations are then what runs. */
  listed(): Promise<void>;
}

/** The node's networks, routes, rules and names (network/ and dns/). */
export interface NodeNetwork extends AsyncDisposable {
  /** Takes the whole set; it returns at once and works on the difference. */
  apply(assignments: Assignments): void;
  /** What is seen of this node's tasks: names and back-ends of its own tasks need no manager. */
  observe(observation: TaskObservation): void;
  /** Makes another key for the encryption between nodes: the description has its public half. */
  rotateKey?(): Promise<void>;
  /**
   * Resolves when containers can be put on these networks.
   * @throws TuttiError `not-found` for a network that is not assigned, `conflict` where its subnet is taken.
   */
  ensure(
    networkIds: readonly NetworkId[],
    signal?: AbortSignal,
  ): Promise<
    ReadonlyMap<NetworkId, { readonly dockerNetwork: string; readonly dns: readonly string[]; readonly ipv6?: true }>
  >;
  /** Resolves when the names of what was applied until now are answered. */
  named(signal: AbortSignal): Promise<void>;
  /** Resolves when what was applied until now is in force; rejects where it could not be brought about. */
  settled(): Promise<void>;
}

/** The node's front door (proxy/). */
export interface NodeProxy extends AsyncDisposable {
  /** Resolves when what was applied until now is in force; rejects where it could not be brought about. */
  settled(): Promise<void>;
  /** Takes the whole set; it returns at once and works on the difference. */
  apply(assignments: Assignments): void;
  /** What is seen of this node's tasks: its own need no manager. */
  observe(observation: TaskObservation): void;
  /** Calls when what is wrong with it has changed: it is part of the node's description. */
  subscribe(call: () => void): Disposable;
  /** Lines of the access log, a JSON object each. */
  accessLog(options: DoorLogOptions, signal: AbortSignal): AsyncIterable<string>;
  /** Prometheus' text format; empty where no proxy runs. */
  metrics(signal: AbortSignal): Promise<string>;
}

/** Which of the nodes that this one has traffic with it reaches (reach/). */
export interface NodeReach extends AsyncDisposable {
  /** What is assigned now. */
  apply(assignments: Assignments): void;
  /** Ids of nodes that are not reached. */
  lost(): ReadonlySet<string>;
  /** Calls when that has changed; the node's description has it too. */
  subscribe(call: () => void): Disposable;
}

/** Keeps the last assignments over a restart. Secrets and pull credentials are never given to it. */
export interface AgentStore {
  /** Undefined when there is none or it cannot be read. */
  load(): Promise<{ readonly sequence: number; readonly assignments: Assignments } | undefined>;
  /** Durable when it resolves; where it rejects, what was there before is still there. */
  save(sequence: number, kept: Kept<Assignment>): Promise<void>;
}

/** Keeps the last description over a restart: with it a node connects while its engine is away. */
export interface DescriptionStore {
  /** Undefined when there is none or it cannot be read. */
  load(): Promise<NodeDescription | undefined>;
  save(description: NodeDescription): Promise<void>;
}

/** The machine and its engine, as they are now. Throws `unavailable` while the engine does not answer. */
export type Describe = (signal: AbortSignal) => Promise<NodeDescription>;
