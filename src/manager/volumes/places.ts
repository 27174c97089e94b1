import type { View } from '../../store/store.ts';

/** The nodes that have a volume of the cluster: none where it is only promised; undefined where there is no such volume. */
export const placesOf = (view: View, name: string): readonly string[] | undefined => {
  const rows = view.find('volume', 'name', name);
  return rows.length === 0 ? undefined : rows.flatMap(({ nodeId }) => nodeId ?? []);
};
