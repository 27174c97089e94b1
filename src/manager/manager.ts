import type { Commands } from './ports/commands.ts';
import type { ContainerNetworks, Containers } from './ports/containers.ts';
import type { Door } from './ports/door.ts';
import type { Engines, NodeCalls } from './ports/engines.ts';
import type { Events } from './ports/events.ts';
import type { Builds, Images } from './ports/images.ts';
import type { Inventory } from './ports/inventory.ts';
import type { Logs } from './ports/logs.ts';
import type { Queries } from './ports/queries.ts';
import type { Volumes } from './ports/volumes.ts';

/**
 * What dialects call. A dialect translates a foreign shape to these and back; it holds no state and never touches the
 * store. Every method takes input that is validated already (parsed with the model's schemas) and checks what only the
 * state can tell: names taken, references missing, ports taken, versions.
 */
export interface Manager {
  readonly commands: Commands;
  readonly queries: Queries;
  readonly events: Events;
  readonly logs: Logs;
  readonly engines: Engines;
  readonly inventory: Inventory;
  readonly volumes: Volumes;
  readonly images: Images;
  readonly builds: Builds;
  readonly containers: Containers;
  readonly networks: ContainerNetworks;
  readonly nodes: NodeCalls;
  readonly door: Door;
}

export type { Commands, Created } from './ports/commands.ts';
export type { ContainerMade, ContainerNetworks, Containers } from './ports/containers.ts';
export type { EngineEvent, EngineRequest, Engines, NodeCalls } from './ports/engines.ts';
export type { ClusterEvent, Events, MergedEvent } from './ports/events.ts';
export type { Builds, Ensured, Images } from './ports/images.ts';
export type { CurrentContainer, Inventory, KnownContainer } from './ports/inventory.ts';
export type { LogLine, LogOptions, Logs } from './ports/logs.ts';
export type {
  Explanation,
  NodeRecord,
  Queries,
  ServiceRecord,
  StackRecord,
  TaskRecord,
} from './ports/queries.ts';
export type { Volumes, WantedVolume } from './ports/volumes.ts';
