import type { SingleContainer } from '../../model/single-container.ts';
import type { Store, View } from '../../store/store.ts';

/** Ids of what containers have left on nodes that were lost: nobody's containers any more. */
export interface SupersededIds extends Disposable {
  readonly ids: ReadonlySet<string>;
}

const idsOf = (row: SingleContainer | undefined): readonly string[] =>
  (row?.superseded ?? []).flatMap(({ engineId }) => engineId ?? []);

/** Kept up with the rows until it is disposed. */
export const followSuperseded = ({ view, subscribe }: Pick<Store, 'view' | 'subscribe'>): SupersededIds => {
  const ids = new Set(supersededIn(view));
  const subscription = subscribe(({ changes }) => {
    for (const change of changes) {
      if (change.table !== 'container') continue;
      for (const id of idsOf(change.before)) ids.delete(id);
      for (const id of idsOf(change.after)) ids.add(id);
    }
  });
  return { ids, [Symbol.dispose]: () => subscription[Symbol.dispose]() };
};

const supersededIn = (view: View): ReadonlySet<string> => {
  const ids = new Set<string>();
  for (const row of view.list('container')) for (const id of idsOf(row)) ids.add(id);
  return ids;
};
