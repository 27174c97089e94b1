import type { Assignment } from '../../model/assignment.ts';

/** What one node must be told after a change: `put` replaces by key, `remove` has `<kind>:<id>` keys. */
export interface AssignmentDifference {
  readonly put: readonly Assignment[];
  readonly remove: readonly string[];
}

/**
 * The assignment set of every node, kept up to date from commits. What many nodes share (the endpoints of a network,
 * peers, published ports) is computed once and shared by reference, so one changed endpoint costs one small
 * difference per node that has its network.
 */
export interface Assignments extends Disposable {
  /** The whole set of a node as it is now, by key (`assignmentKey`). Empty for a node that is not known. */
  full(nodeId: string): ReadonlyMap<string, Assignment>;
  /**
   * What changed for each node since the last call. A difference may repeat what `full` already had: applying it
   * twice changes nothing. Nodes without a session are included; skip them.
   */
  changes(): ReadonlyMap<string, AssignmentDifference>;
  /**
   * Calls the listener synchronously when there is something for `changes` (once until `changes` is called). It must be
   * quick: note and wake, no more.
   */
  onChange(listener: () => void): Disposable;
}
