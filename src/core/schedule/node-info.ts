import type { GenericResource } from '../../model/container.ts';
import { HostPorts } from '../../model/host-port.ts';
import type { Node, NodeStatus } from '../../model/node.ts';
import { GenericPool } from './generic.ts';
import type { VolumePlaces } from './volumes.ts';

/** Counts the active tasks of a service by node; see tally.ts. */
interface Counts {
  move(node: NodeInfo, by: 1 | -1): void;
}

/** What one task takes on its node. */
export interface Load {
  /** Of the service that the task is of. */
  readonly tally: Counts;
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly hostPorts: readonly string[];
  readonly generic: readonly GenericResource[];
  /** False once it is to end: it still takes what it has, but no longer counts when tasks are spread. */
  readonly active: boolean;
}

/** A node as the scheduler sees it: its row and status, and running totals of what its tasks take. */
export class NodeInfo {
  readonly id: string;
  /** Dense number of the node in its model, given again after it is gone. */
  readonly position: number;
  /** Of the whole model. */
  readonly volumes: VolumePlaces;
  /** Absent while only tasks speak of the node. */
  node: Node | undefined;
  status: NodeStatus | undefined;
  nanoCpus = 0;
  memoryBytes = 0;
  usedNanoCpus = 0;
  usedMemoryBytes = 0;
  /** Active tasks of all services. */
  active = 0;
  /** Tasks that take something here. */
  loads = 0;
  readonly generic = new GenericPool();
  readonly #hostPorts = new HostPorts();
  /** Where it stands in the order of a strategy; see strategies/. Of use only within one decision. */
  rank = 0;

  constructor(id: string, position: number, volumes: VolumePlaces) {
    this.id = id;
    this.position = position;
    this.volumes = volumes;
  }

  describe(node: Node | undefined): void {
    this.node = node;
    const resources = node?.description?.resources;
    this.nanoCpus = resources?.nanoCpus ?? 0;
    this.memoryBytes = resources?.memoryBytes ?? 0;
    this.generic.resize(resources?.generic ?? []);
  }

  /** See `HostPort` for what it is called. */
  hasHostPort(port: string): boolean {
    return this.#hostPorts.has(port);
  }

  add(load: Load): void {
    this.#move(load, 1);
  }

  remove(load: Load): void {
    this.#move(load, -1);
  }

  #move(load: Load, by: 1 | -1): void {
    this.loads += by;
    this.usedNanoCpus += by * load.nanoCpus;
    this.usedMemoryBytes += by * load.memoryBytes;
    if (load.generic.length > 0) this.generic.move(load.generic, by);
    for (const port of load.hostPorts) this.#hostPorts.count(port, by);
    if (!load.active) return;
    this.active += by;
    load.tally.move(this, by);
  }
}
