import type { PlaceNode, PlaceRequest } from '../model.ts';

/** A condition that the request sets, in words and as a test. */
export interface Condition {
  /** As a refusal names it: `storage==ssd`. */
  readonly text: string;
  /** A wish: it narrows where it can and refuses nothing. */
  readonly soft?: boolean;
  readonly passes: (node: PlaceNode) => boolean;
}

/** One file per filter: what of the request it acts on, as conditions. None: every node passes. */
export type Filter = (request: PlaceRequest) => readonly Condition[];
