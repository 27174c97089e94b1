import type { NodeInfo } from '../node-info.ts';
import type { Rank } from './picker.ts';

/** Active tasks per node stay far below this, so that one number holds both counts exactly. */
const scale = 2 ** 25;

/** Fewest tasks of the service, then fewest tasks, as Swarm. */
export const spreadRank =
  (serviceId: string): Rank =>
  (node: NodeInfo) =>
    node.activeOf(serviceId) * scale + node.active;
