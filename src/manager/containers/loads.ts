import type { ClusterModel } from '../../core/schedule/model.ts';
import type { NodeInfo } from '../../core/schedule/node-info.ts';
import type { SingleContainer } from '../../model/single-container.ts';
import type { Clock } from '../../platform/ports.ts';
import type { Store } from '../../store/store.ts';
import { buildModel, Changed, tell } from '../schedule-model.ts';

/** What tasks and containers have reserved on each node, kept up from commits. Nothing is kept before it is first asked. */
export interface Loads extends Disposable {
  of(nodeId: string): NodeInfo;
  /** A container that is about to be committed: the next that is placed is to see it. */
  assume(container: SingleContainer): void;
  /** The commit of it failed. */
  forget(containerId: string): void;
}

export const createLoads = ({ view, subscribe }: Pick<Store, 'view' | 'subscribe'>, clock: Clock): Loads => {
  const changed = new Changed();
  let model: ClusterModel | undefined;
  let subscription: Disposable | undefined;
  const current = (): ClusterModel => {
    if (model === undefined) {
      model = buildModel(view, changed, clock.now());
      subscription = subscribe((commit) => {
        for (const change of commit.changes) changed.note(change, view);
      });
    }
    tell(model, changed, view, clock.now());
    return model;
  };
  return {
    of: (nodeId) => current().nodes.get(nodeId),
    assume: (container) => current().setContainer(container.id, container),
    forget: (containerId) => current().setContainer(containerId, view.get('container', containerId)),
    [Symbol.dispose]: () => subscription?.[Symbol.dispose](),
  };
};
