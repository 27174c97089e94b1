import { placeVolume } from '../../core/place/volume.ts';
import { TuttiError } from '../../model/errors.ts';
import type { VolumeSpec } from '../../model/volume.ts';
import type { View } from '../../store/store.ts';
import type { NodeRecord, Queries } from '../manager.ts';

/** See `Volumes.homeFor`. */
export const homeFor = (view: View, queries: Pick<Queries, 'nodes'>, spec: VolumeSpec): NodeRecord | undefined => {
  const records = queries.nodes();
  const counts = new Map<string, number>();
  for (const { nodeId } of view.list('volume')) {
    if (nodeId !== undefined) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  }
  const nodes = records.map(({ node, status }) => ({ node, status, volumes: counts.get(node.id) ?? 0 }));
  const decision = placeVolume(nodes, spec);
  switch (decision.kind) {
    case 'later':
      return undefined;
    case 'placed':
      return records.find(({ node }) => node.id === decision.node.id);
    case 'refused':
      throw new TuttiError('unavailable', decision.message);
    case 'invalid':
      throw new TuttiError('invalid-argument', decision.reason);
  }
};
