import { TuttiError } from '../../model/errors.ts';
import { nodeId as nodeIdSchema } from '../../model/ids.ts';
import type { NodeId } from '../../model/ids.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Store, View } from '../../store/store.ts';

/** What is done about a node that is not counted on any more. */
export interface DepartureActions {
  /** Nobody waits for it. */
  readonly gone: (nodeId: NodeId) => void;
  /** Ends its session with a reason. */
  readonly refuse: (nodeId: NodeId, reason: TuttiError) => void;
  /** Breaks its connections. */
  readonly drop: (nodeId: NodeId) => void;
}

/** A removed node's own request to leave may wait for its answer for so long. */
const answerMs = 1000;

/** Nobody comes back from a node that was removed, and one that is down was given up. */
export const isGivenUp = (view: View, nodeId: NodeId): boolean =>
  view.get('node', nodeId) === undefined || view.get('nodeStatus', nodeId)?.state === 'down';

/** Nodes that are removed, or down, as commits say it. What closes a session waits until after the commit, as it writes. */
export const watchDepartures = (
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { gone, refuse, drop }: DepartureActions,
): Disposable => {
  const removed = (nodeId: NodeId): void => {
    clock.after(0, () => {
      refuse(nodeId, new TuttiError('permission-denied', 'the node was removed from the cluster'));
      clock.after(answerMs, () => drop(nodeId));
    });
    gone(nodeId);
  };
  /** It has no session to go on with: its agent comes back with everything that it knows. */
  const down = (nodeId: NodeId): void => {
    gone(nodeId);
    clock.after(0, () => {
      if (isGivenUp(store.view, nodeId)) drop(nodeId);
    });
  };
  return store.subscribe(({ changes }) => {
    for (const change of changes) {
      if (change.table === 'node' && change.after === undefined) {
        const id = nodeIdSchema.safeParse(change.id);
        if (id.success) removed(id.data);
      }
      if (change.table === 'nodeStatus' && change.after?.state === 'down') down(change.after.nodeId);
    }
  });
};
