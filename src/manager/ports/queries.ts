import type { ApiClient } from '../../model/client.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { ExplanationView, RouteView } from '../../model/native.ts';
import type { Network } from '../../model/network.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import type { Config, Secret } from '../../model/secret.ts';
import type { Service, VirtualIp } from '../../model/service.ts';
import type { Task, TaskStatus } from '../../model/task.ts';
import type { Table } from '../../store/store.ts';

export interface NodeRecord {
  readonly node: Node;
  readonly status: NodeStatus;
  /** Present on managers. */
  readonly manager?: { readonly leader: boolean; readonly reachable: boolean; readonly address: string };
}

export interface TaskRecord {
  readonly task: Task;
  readonly status: TaskStatus;
}

export interface ServiceRecord {
  readonly service: Service;
  /** Tasks observed running. */
  readonly running: number;
  /** Tasks wanted: replicas, or nodes that a global service fits. */
  readonly desired: number;
  /** Tasks of the newest specification that ran to their end and hold their place. */
  readonly completed: number;
  /** Its own addresses, with the length of the network's prefix: `10.128.1.2/24`. */
  readonly virtualIps: readonly VirtualIp[];
}

export interface StackRecord {
  readonly name: string;
  readonly services: number;
  readonly networks: number;
  readonly secrets: number;
  readonly configs: number;
}

/** Why a task is where it is, for people. */
export interface Explanation extends Omit<ExplanationView, 'task'> {
  readonly task: Task;
  readonly status: TaskStatus;
}

export interface Queries {
  routes(): readonly RouteView[];
  /** Nodes that should run the front door and say that something is wrong with it. */
  doorProblems(): readonly { readonly node: string; readonly problem: string }[];
  /** Rises when anything in one of these tables changes: what was made from them at an equal one still holds. */
  generation(...tables: readonly [Table, ...Table[]]): number;
  cluster(): Cluster;
  nodes(): readonly NodeRecord[];
  node(reference: string): NodeRecord;
  /** By its whole id, without a walk; undefined where there is none. */
  nodeOf(id: string): NodeRecord | undefined;
  services(): readonly ServiceRecord[];
  service(reference: string): ServiceRecord;
  tasks(): readonly TaskRecord[];
  /** Tasks of one service, all of them or by node: whatever the index serves without a scan. */
  tasksOf(scope: { readonly serviceId: string } | { readonly nodeId: string }): readonly TaskRecord[];
  task(reference: string): TaskRecord;
  networks(): readonly Network[];
  network(reference: string): Network;
  /** By its whole id, without a walk; undefined where there is none. */
  networkOf(id: string): Network | undefined;
  secrets(): readonly Secret[];
  secret(reference: string): Secret;
  configs(): readonly Config[];
  config(reference: string): Config;
  clients(): readonly ApiClient[];
  stacks(): readonly StackRecord[];
  explain(taskReference: string): Explanation;
}
