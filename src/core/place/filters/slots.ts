import type { PlaceNode } from '../model.ts';
import type { Filter } from './filter.ts';

/** Fewer containers are on the node than its engine's label `containerslots` allows. */
export const slotsFilter: Filter = () => [{ text: 'available container slots', passes: hasSlot }];

const hasSlot = ({ node, count }: PlaceNode): boolean => {
  const given = node.spec.labels?.['containerslots'] ?? node.description?.engine.labels?.['containerslots'];
  // A label that is no number limits nothing, as in classic Swarm.
  return given === undefined || !/^\d{1,9}$/.test(given) || count < Number(given);
};
