import type { NodeId } from '../../model/ids.ts';
import type { Placement, Refused } from './decision.ts';
import type { Entry } from './group.ts';
import type { ClusterModel } from './model.ts';
import type { NodeInfo } from './node-info.ts';
import { explainRefusals, refusalsOf } from './refusal.ts';

/** Checks tasks that belong to one node there, whenever it changed: they are never put elsewhere. */
export const decidePinned = (model: ClusterModel, placements: Placement[], refused: Refused[]): void => {
  if (model.pinned.size === 0) return;
  for (const node of model.touched) {
    for (const entry of model.pinned.get(node.id) ?? []) {
      const placement = place(model, node, entry, refused);
      if (placement !== undefined) placements.push(placement);
    }
  }
};

const place = (model: ClusterModel, node: NodeInfo, entry: Entry, refused: Refused[]): Placement | undefined => {
  const { task, group } = entry;
  const reason = group.check(node);
  if (reason !== undefined) {
    const refusals = refusalsOf(new Map([[reason, 1]]));
    refused.push({ tasks: [task], refusals, explanation: explainRefusals(refusals) });
    return undefined;
  }
  const load = group.loadOn(node);
  model.assume(entry, node, load);
  return { task, nodeId: node.id as NodeId, genericResources: load.generic };
};
