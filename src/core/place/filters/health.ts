import { isAddressRefused } from '../../../model/node.ts';
import type { PlaceNode } from '../model.ts';

/** Why the node takes no new containers, after "1"; undefined where it does. */
export const illnessOf = ({ node, status }: Pick<PlaceNode, 'node' | 'status'>): string | undefined => {
  if (node.spec.availability === 'drain') return 'is drained';
  if (status?.engineAway === true) return 'has a Docker Engine that does not answer';
  if (status?.state === 'down') return 'is down';
  if (status?.state !== 'ready' || node.description === undefined) return 'is not connected';
  if (isAddressRefused(node)) return "has an address that is another node's";
  return node.spec.availability === 'pause' ? 'is paused' : undefined;
};
