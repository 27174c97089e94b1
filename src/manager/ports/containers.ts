import type { Network } from '../../model/network.ts';
import type { SingleContainer, SingleContainerSpec } from '../../model/single-container.ts';
import type { KnownContainer } from './inventory.ts';

/** Puts containers that are there on networks that span the nodes, and takes them off. `settings`: Docker's EndpointSettings. */
export interface ContainerNetworks {
  /** Throws `permission-denied` where it is on the network, or may not be; and what its engine says. */
  connect(
    network: Network,
    container: KnownContainer,
    settings: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void>;
  disconnect(network: Network, container: KnownContainer, force: boolean, signal: AbortSignal): Promise<void>;
  /** Before the container of this engine's id starts. Throws `permission-denied` where another that runs has its address. */
  starting(engineId: string): void;
  /** The inventory has just been told of it: whether it runs counts from now on. */
  seen(engineId: string): void;
  /** Asks the engines whether what is said to run on the network does: their word may be on its way. */
  verify(networkId: string, signal: AbortSignal): Promise<void>;
  /** What a network is called, or was before it was removed: its containers may still be stopping. */
  nameOf(networkId: string): string | undefined;
  /** The containers that run on the network; those of tasks are not among them. */
  on(networkId: string): readonly { readonly container: SingleContainer; readonly address: string }[];
}

/** What became of a request to make a container. */
export type ContainerMade =
  | { readonly kind: 'made'; readonly id: string; readonly nodeId: string; readonly warnings: readonly string[] }
  /** No node fits: why, for people. */
  | { readonly kind: 'unplaced'; readonly message: string }
  /** No engine has its image. */
  | { readonly kind: 'no-image'; readonly image: string }
  /** What its engine said instead. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string };

/**
 * Containers made by themselves, through Tutti: where they go, their names, and what outlives their node. Everything else
 * about them is their engine's.
 */
export interface Containers {
  /**
   * Chooses a node, brings there what is missing, and makes the container. Throws `already-exists` where the name is
   * taken, `not-found` where a container that it depends on is not there.
   */
  create(spec: SingleContainerSpec, signal: AbortSignal): Promise<ContainerMade>;
  /** On its engine and in the cluster. Throws `already-exists`, `invalid-argument`, else what the engine said. */
  rename(
    container: Pick<KnownContainer, 'id' | 'nodeId' | 'name'> & Partial<Pick<KnownContainer, 'summary'>>,
    name: string,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Its engine has removed it: its name is free again. Nothing where it was not made through Tutti. `byName`: the engine was
   * not told its whole id, and is asked whether it was this one.
   */
  removed(engineId: string, options?: { readonly byName?: boolean }): Promise<void>;
  /**
   * Takes off the cluster what is on a node that cannot be asked: the name is free at once, and the node's engine removes it
   * when it is back, with its unnamed volumes or without.
   */
  /** The same for one of which nobody knows yet whether it was made. False: there is none of this name. */
  abandonUnmade(name: string): Promise<boolean>;
  abandon(
    container: Pick<KnownContainer, 'id' | 'nodeId' | 'name'>,
    options: { readonly volumes: boolean },
  ): Promise<void>;
  /** What tasks and containers have reserved on the node. */
  reserved(nodeId: string): { readonly nanoCpus: number; readonly memoryBytes: number };
  /** What the cluster keeps of it; undefined where it was not made through Tutti. */
  row(engineId: string): SingleContainer | undefined;
  /** Its engine has changed it: what it reserves, and how it is made again. Nothing where it was not made through Tutti. */
  updated(engineId: string, change: (spec: SingleContainerSpec) => SingleContainerSpec): Promise<void>;
  /** Ids of what containers that moved have left on lost nodes: nobody's containers any more. */
  superseded(): ReadonlySet<string>;
}
