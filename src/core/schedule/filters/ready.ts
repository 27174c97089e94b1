import { isAddressRefused } from '../../../model/node.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Reason } from '../refusal.ts';
import type { Filter } from './filter.ts';

const reason = (one: string, many: string): Reason => ({ filter: 'ready', one, many });

const drained = reason('is drained', 'are drained');
const paused = reason('is paused', 'are paused');
const down = reason('is down', 'are down');
const silent = reason('is not connected', 'are not connected');
const engineless = reason('has a Docker Engine that does not answer', 'have a Docker Engine that does not answer');

const mistaken = reason("has an address that is another node's", "have addresses that are other nodes'");

const check = ({ node, status }: NodeInfo): Reason | undefined => {
  if (node === undefined) return silent;
  if (node.spec.availability === 'drain') return drained;
  if (status?.engineAway === true) return engineless;
  if (status?.state === 'down') return down;
  if (status?.state !== 'ready' || node.description === undefined) return silent;
  if (isAddressRefused(node)) return mistaken;
  return node.spec.availability === 'pause' ? paused : undefined;
};

/** The node is connected and takes new tasks. */
export const readyFilter: Filter = { name: 'ready', dependsOnTasks: false, prepare: () => check };
