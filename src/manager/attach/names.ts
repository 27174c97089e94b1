import type { NetworkId } from '../../model/ids.ts';
import type { Store } from '../../store/store.ts';

export interface NetworkNames extends Disposable {
  /** What a network of the cluster is called, or was before it was removed: its containers may still be stopping. */
  of(networkId: string): string | undefined;
}

/** So many of the removed ones are remembered. */
const mostRemoved = 1_000;

/** Remembers what networks were called until it is disposed. */
export const followNetworkNames = ({ view, subscribe }: Pick<Store, 'view' | 'subscribe'>): NetworkNames => {
  const removed = new Map<string, string>();
  const subscription = subscribe(({ changes }) => {
    for (const change of changes) {
      if (change.table !== 'network' || change.after !== undefined || change.before === undefined) continue;
      removed.set(change.id, change.before.spec.name);
      const [oldest] = removed.keys();
      if (removed.size > mostRemoved && oldest !== undefined) removed.delete(oldest);
    }
  });
  return {
    of: (id) => view.get('network', id as NetworkId)?.spec.name ?? removed.get(id),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
};
