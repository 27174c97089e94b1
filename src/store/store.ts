import type { ApiClient } from '../model/client.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Network } from '../model/network.ts';
import type { Node, NodeStatus } from '../model/node.ts';
import type { Config, Secret } from '../model/secret.ts';
import type { Route } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import type { SingleContainer, SingleContainerStatus } from '../model/single-container.ts';
import type { Task, TaskStatus } from '../model/task.ts';
import type { Volume } from '../model/volume.ts';

/** Durable tables: a committed change survives kill -9 and power loss. */
export interface DurableTables {
  readonly cluster: Cluster;
  readonly node: Node;
  readonly service: Service;
  readonly task: Task;
  readonly network: Network;
  readonly secret: Secret;
  readonly config: Config;
  readonly client: ApiClient;
  /** Containers made by themselves; those of services are their tasks'. */
  readonly container: SingleContainer;
  readonly volume: Volume;
  /** Routes that are no service's own. */
  readonly route: Route;
}

/** Soft tables: what agents observe. In memory; checkpointed coarsely; told again when an agent connects. */
export interface SoftTables {
  /** By task id. */
  readonly taskStatus: TaskStatus;
  /** By node id. */
  readonly nodeStatus: NodeStatus;
  /** By the id of the container's row. */
  readonly containerStatus: SingleContainerStatus;
}

export type Tables = DurableTables & SoftTables;
export type Table = keyof Tables;
export type DurableTable = keyof DurableTables;
export type SoftTable = keyof SoftTables;

/** Secondary indexes: table → index name. Each maps a row to one key or none; store/indexes.ts says which. */
export interface Indexes {
  readonly cluster: never;
  readonly node: 'name' | 'address' | 'publicKey';
  readonly service: 'name' | 'stack';
  readonly task: 'service' | 'node' | 'slot';
  readonly network: 'name' | 'stack';
  readonly secret: 'name' | 'stack';
  readonly config: 'name' | 'stack';
  readonly client: never;
  readonly container: 'name' | 'node' | 'engine';
  readonly volume: 'name' | 'node';
  readonly route: never;
  readonly taskStatus: 'node';
  readonly nodeStatus: 'state';
  readonly containerStatus: never;
}

/** One row that changed. `before` is undefined for a creation, `after` for a deletion. */
export type ChangeOf<Name extends Table> = {
  readonly table: Name;
  readonly id: string;
  readonly before?: Tables[Name] | undefined;
  readonly after?: Tables[Name] | undefined;
};
export type Change = { [Name in Table]: ChangeOf<Name> }[Table];

/**
 * What one transaction changed, each row once. Every durable transaction has a revision of its own, also when several
 * shared one write to disk; soft commits carry the revision of the last durable one.
 */
export interface Commit {
  readonly revision: number;
  readonly durable: boolean;
  readonly changes: readonly Change[];
}

/**
 * The state as it is now. Reads are synchronous, so what one synchronous function reads is one snapshot: decide
 * before the next `await`.
 */
export interface View {
  readonly revision: number;
  get<Name extends Table>(table: Name, id: string): Tables[Name] | undefined;
  /** Every row, live: finish before the next write. */
  list<Name extends Table>(table: Name): Iterable<Tables[Name]>;
  count(table: Table): number;
  /** Rows whose index has the key, as a list of its own; no order is promised. Names are compared without case. */
  find<Name extends Table>(table: Name, index: Indexes[Name], key: string): readonly Tables[Name][];
  /** How many rows `find` would give, without a walk. */
  countOf<Name extends Table>(table: Name, index: Indexes[Name], key: string): number;
}

/** The committed state: what a store's own view is. */
export interface CommittedView extends View {
  /** Rises with every change to the table, durable or soft: what was made from an equal one still holds. */
  generation(table: Table): number;
}

/**
 * A client changes the specification that it has read at this version of the row. What the cluster itself has written
 * into the row since (a node's description, an update's progress) is not in its way; another specification is.
 */
export interface SpecReadAt {
  readonly specReadAt: number;
}

/**
 * A view that includes the transaction's own writes. Names (index `name`) are unique per table, without case (those of
 * containers with it), except those of nodes (machines may share a hostname): a duplicate throws `already-exists`. A
 * write sets `version` and `updatedAt` itself. Rows are never changed in place, neither those read nor those written.
 */
export interface Transaction extends View {
  /** Throws `already-exists` when the id is taken. */
  create<Name extends DurableTable>(table: Name, row: Tables[Name]): void;
  /**
   * Replaces a row. Throws `not-found`, or `version-mismatch` when `expected` is given and is not the stored version, or
   * is what a client has read and the row's specification is another one since.
   */
  update<Name extends DurableTable>(table: Name, row: Tables[Name], expected?: number | SpecReadAt): void;
  /** Throws `not-found`, or `version-mismatch` as above. */
  delete(table: DurableTable, id: string, expected?: number): void;
}

/** A transaction over soft rows only; nothing waits for a disk. */
export interface SoftTransaction extends View {
  put<Name extends SoftTable>(table: Name, id: string, row: Tables[Name]): void;
  drop(table: SoftTable, id: string): void;
}

export interface Committed<Value> {
  readonly value: Value;
  /** Revision that holds the writes; the current one when there were none. */
  readonly revision: number;
}

export interface Store extends AsyncDisposable {
  readonly view: CommittedView;
  /**
   * Runs `decide` synchronously against the newest state and makes its writes durable, all or none. What it throws
   * rejects the promise and nothing is written. Concurrent calls are ordered and may share one write to disk.
   * Resolves when the writes are durable and visible in `view`.
   */
  update<Value>(decide: (transaction: Transaction) => Value): Promise<Committed<Value>>;
  /** Applies soft writes at once; throws what `apply` throws, with nothing written. */
  observe<Value>(apply: (transaction: SoftTransaction) => Value): Value;
  /** Calls the listener synchronously after each commit. It must be quick and must not throw: note and wake, no more. */
  subscribe(listener: (commit: Commit) => void): Disposable;
  /**
   * Durable commits after `from` (absent: from now on), in order, none missing. Throws `resource-exhausted` when `from`
   * is older than what is kept, or the reader is slower than the bound: read everything again and watch from there.
   * Ends without an error when the signal aborts or the store closes.
   */
  watch(options: { readonly from?: number; readonly signal: AbortSignal }): AsyncIterable<Commit>;
  /** Writes the soft tables down, coarsely (on a timer). They are read back when the store is opened. */
  checkpoint(): Promise<void>;
}
