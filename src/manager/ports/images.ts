import type { PlacementHints } from '../../model/single-container.ts';

/**
 * Where an image is now that a node was to have it. Unless it is `present`, only `id` finds what was asked for by its
 * digest: registries alone give digests.
 */
export type Ensured =
  | { readonly kind: 'present'; readonly id: string }
  /** The node's engine had it under other names, and has it under this one now. */
  | { readonly kind: 'named'; readonly id: string }
  /** It came from another node. */
  | { readonly kind: 'travelled'; readonly id: string; readonly from: string }
  /** No engine that answered has it. `missing`: nodes that did not answer. */
  | { readonly kind: 'nowhere'; readonly missing: readonly string[] };

/** Images travel from node to node, without a registry. */
export interface Images {
  /**
   * Sees to it that the node's engine has the image (a name with or without tag or digest, or an id): it is brought from
   * a node that has it. Whoever asks for the same joins in; what nobody waits for any more ends. Throws `unavailable`
   * where it exists but did not arrive.
   */
  ensure(
    nodeId: string,
    reference: string,
    options: { readonly signal: AbortSignal; readonly onBytes?: (total: number) => void },
  ): Promise<Ensured>;
  /**
   * Where an image comes from that the cluster has: a registry gave it to those that have it, or it was made here.
   * `nowhere`: no engine that answers has it. An answer may be some seconds old.
   */
  origin(reference: string): Promise<'nowhere' | 'registry' | 'cluster'>;
  /**
   * After a name was given to an image on that node: on every other node where the name means another image, it means
   * this one too when it resolves. Gives what failed, for people.
   */
  follow(
    nodeId: string,
    reference: string,
    options: {
      readonly signal: AbortSignal;
      /** The old meaning is taken away before the image comes: for where nobody waits for the end of this. */
      readonly atOnce?: boolean;
    },
  ): Promise<readonly string[]>;
}

/**
 * Where images are built. A build with BuildKit is two connections of one client, its session and the build itself, and
 * they have to meet on one node, whichever comes first.
 */
export interface Builds {
  /** Where builds without conditions go: always the same node, while it is there. Throws `unavailable`. */
  defaultNode(): string;
  /**
   * The node for a client that speaks with BuildKit by itself, until the signal aborts: names that are given there
   * meanwhile follow on the other nodes.
   */
  openControl(signal: AbortSignal): string;
  /** The node of a build that runs. */
  nodeOf(buildId: string): string | undefined;
  /** A build that begins. Throws `unavailable` where no node fits, with the reasons. Dispose it at the build's end. */
  begin(
    build: { readonly session?: string; readonly buildId?: string; readonly hints: PlacementHints },
    signal: AbortSignal,
  ): Disposable & { readonly nodeId: string };
  /** The node for a session: its build's, or the default one where none asks for it soon. It ends with the signal. */
  openSession(session: string, signal: AbortSignal): Promise<string>;
}
