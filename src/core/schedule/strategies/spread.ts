import type { NodeInfo } from '../node-info.ts';
import type { Tally } from '../tally.ts';
import type { Rank } from './picker.ts';

/** Active tasks per node stay far below this, so that one number holds both counts exactly. */
const scale = 2 ** 25;

/** Fewest tasks of the service, then fewest tasks, as Swarm. */
export const spreadRank =
  (tally: Tally): Rank =>
  (node: NodeInfo) =>
    tally.of(node) * scale + node.active;
