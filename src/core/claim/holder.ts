import type { NodeId } from '../../model/ids.ts';

/** A node that says that something is its own, of which there is one in the cluster: its address, the key of its WireGuard. */
export interface Claimant {
  readonly id: NodeId;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The others know it by this already. */
  readonly holds: boolean;
  /** Its agent's connection comes from the address that it claims. */
  readonly proven: boolean;
  /** Its agent is not heard. One whose engine alone does not answer is. */
  readonly silent: boolean;
}

/**
 * Which of the nodes that claim the same the others are to know by it: the one that had it first, for as long as that is heard and
 * says so. Of one that is silent it goes to a node that proves to have it: the same machine, made anew, or one that was given
 * its address. Undefined where nobody claims it.
 */
export const holderOf = (claimants: readonly Claimant[]): NodeId | undefined => claimants.toSorted(byRight)[0]?.id;

/** The first of these that only one of two claimants has decides between them. */
const rights: readonly ((claimant: Claimant) => boolean)[] = [
  ({ holds, silent }) => holds && !silent,
  ({ proven, silent }) => proven && !silent,
  ({ holds }) => holds,
  ({ silent }) => !silent,
];

const byRight = (left: Claimant, right: Claimant): number => {
  for (const has of rights) if (has(left) !== has(right)) return has(left) ? -1 : 1;
  return left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1);
};
