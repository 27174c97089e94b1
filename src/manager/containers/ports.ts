import type { MountedVolume, SingleContainer } from '../../model/single-container.ts';
import type { PlaceNear } from '../../core/place/model.ts';
import type { Clock, Log, Randomness } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import type { Engines, Inventory } from '../manager.ts';

/** What placing and making containers needs. */
export interface ContainerPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly engines: Engines;
  readonly inventory: Inventory;
  readonly images?: ImageCarrier;
  readonly volumes?: VolumePlaces;
  readonly networks?: NetworkPreparation;
}

/** Brings images to nodes: `Images` of the manager. */
export interface ImageCarrier {
  ensure(
    nodeId: string,
    reference: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly kind: 'present' | 'named' | 'travelled'; readonly id: string } | { readonly kind: 'nowhere' }>;
}

/** Knows where volumes are: `Volumes` of the manager. */
export interface VolumePlaces {
  places(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Throws `conflict` where one is on another node meanwhile. */
  prepare(nodeId: string, wanted: readonly MountedVolume[], signal: AbortSignal): Promise<void>;
}

/** Gives a container its places on networks. */
export interface NetworkPreparation {
  /** Sees to it that they are there on its node; returns the request as that node's engine is to get it. */
  prepare(container: SingleContainer, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /** Where the networks of the request are that one engine alone has. */
  near(request: SingleContainer['spec']['request'], signal: AbortSignal): Promise<readonly PlaceNear[]>;
  /** Connects what was made to the networks that the request had no place for. */
  finish(container: SingleContainer, engineId: string, signal: AbortSignal): Promise<void>;
}
