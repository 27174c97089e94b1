import { isDeepStrictEqual } from 'node:util';
import { TuttiError } from '../../model/errors.ts';
import type { NodeId } from '../../model/ids.ts';
import type { NodeDescription } from '../../model/node.ts';
import type { Log } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { claimAgain } from './claims.ts';

/** Makes a node's description durable where it differs from what is known. What fails is logged: it is told again. */
export const recordDescription = async (
  store: Store,
  log: Log,
  nodeId: NodeId,
  description: NodeDescription,
): Promise<void> => {
  if (isDeepStrictEqual(store.view.get('node', nodeId)?.description, description)) return;
  try {
    await store.update((transaction) => {
      const node = transaction.get('node', nodeId);
      if (node !== undefined) claimAgain(transaction, node, description);
    });
  } catch (thrown) {
    const error = TuttiError.from(thrown);
    log.error('a node description could not be stored', { node: nodeId, code: error.code, error: error.message });
  }
};
