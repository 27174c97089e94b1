import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { EngineEvent } from './engines.ts';

/** A container as its engine last told of it. */
export interface KnownContainer {
  readonly id: string;
  /** On its engine, without the slash. */
  readonly name: string;
  readonly nodeId: string;
  readonly nodeName: string;
  /** Its node is ready and its engine answers. */
  readonly reachable: boolean;
  readonly summary: Definitions['ContainerSummary'];
  /** When it was made, nanoseconds since the epoch, where its engine told: a summary has whole seconds. */
  readonly createdNanos?: number;
}

/** A container as its engine lists it now. */
export interface CurrentContainer extends Pick<KnownContainer, 'id' | 'summary' | 'createdNanos'> {
  /** Stands for the summary's, whose time has gone on. */
  readonly status: string;
}

/**
 * Where containers and images are, as the engines last told: for finding and placing, never the truth about them. What a
 * lost node had stays in it.
 */
export interface Inventory {
  /**
   * By full id, name, `node/name` or an id's unique beginning. What is not known is asked of every node. Throws
   * `not-found` (`No such container: x`), `invalid-argument` where it is ambiguous, naming the candidates.
   */
  find(reference: string, signal: AbortSignal): Promise<KnownContainer>;
  /** As `find`, of what is known now, without asking; undefined where nothing is. */
  peek(reference: string): KnownContainer | undefined;
  /** All that are called so, on whatever node; asks nobody. */
  named(name: string): readonly KnownContainer[];
  containers(): readonly KnownContainer[];
  of(nodeId: string): readonly KnownContainer[];
  /** How many `of` would give, without a walk. */
  count(nodeId: string): number;
  /** One of a node's by its full id. */
  on(nodeId: string, id: string): KnownContainer | undefined;
  /** The container of this full id on the node, as far as it is known. */
  get(nodeId: string, id: string): KnownContainer | undefined;
  /** Images with their tags and digests. */
  images(nodeId: string): readonly Definitions['ImageSummary'][];
  /** The node's engine has been listed since it is ready: what `of` and `images` lack is not there. */
  listed(nodeId: string): boolean;
  /**
   * The node's containers as its engine would list them at this moment, from what its events have told: the engine is
   * asked whether it has told more, and about those that are in doubt. Undefined where only its own list says: nothing is
   * followed there just now. Throws what asking throws.
   */
  current(nodeId: string, signal: AbortSignal): Promise<readonly CurrentContainer[] | undefined>;
  /** Reads these containers of a node again, now: after a change that the events may not have told of yet. */
  refresh(nodeId: string, ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** The node of an exec; what is not known is asked of every node. Throws `not-found`. */
  findExec(id: string, signal: AbortSignal): Promise<{ readonly nodeId: string }>;
  /** Remembers where an exec was made. */
  noteExec(id: string, nodeId: string): void;
  /**
   * Events of all engines from now on, in the order of their arrival, until the signal aborts. A reader that falls more
   * than 10,000 behind gets `resource-exhausted`.
   */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
}
